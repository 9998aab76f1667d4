import LightboxCore
public import Networks
import WireFormats

/// A model's architecture, read from the configuration in a Keras file.
///
/// Graphs of layers (`Functional`) and sequences, of Keras 2, of Keras 3, and of the TensorFlow 1 era; models
/// inside models become one graph. Nothing is executed: a `Lambda`, a class that is not known, or a setting
/// that is not supported is refused by the layer's name.
public struct KerasArchitecture: Sendable {
    public let graph: Graph
    /// What the last layer does to its values: `linear` gives logits, `sigmoid` and `softmax` scores.
    public let outputActivation: Activation
    /// Layers that hold settings, not learnt values: training must leave them as they are.
    public let fixedWeights: NetworkWeights
    /// Layers with weights that the file marks as not to be trained, by the graph's names.
    public let frozenLayers: Set<String>
    /// Layers left out because they act in training only: augmentation, noise.
    public let omittedLayers: [String]
    /// The layers with weights and where a file keeps them, in the file's order.
    let places: [KerasPlace]

    /// - Parameters:
    ///   - configuration: Keras's JSON: `model_config` of a `.h5` file, `config.json` of a `.keras` archive.
    ///   - file: what messages call it.
    ///   - height: pixels; for models that leave it open.
    ///   - width: pixels; for models that leave it open.
    ///   - channels: for models that leave it open.
    /// - Throws: ``ArchitectureError``; `NetworkError` where a layer does not fit its input.
    public init(
        configuration: String, file: String = "configuration", height: Int? = nil, width: Int? = nil,
        channels: Int? = nil
    ) throws {
        let limits = ArchitectureLimits()
        let json: JSONValue
        do {
            json = try JSONValue(parsing: configuration, limits: JSONLimits(maximumDepth: 64))
        } catch let error as RecordError {
            throw ArchitectureError(
                kind: .corrupt, file: file, problem: "the model's configuration is not read: \(error)",
                remedy: "Save the model again in Keras.")
        }
        guard let className = json["class_name"]?.string, let config = json["config"] else {
            throw ArchitectureError(
                kind: .corrupt, file: file, problem: "the model's configuration names no class",
                remedy: "Save the whole model with model.save.")
        }
        let name = config["name"]?.string.flatMap { isPlain($0) ? $0 : nil } ?? "model"
        let settings = LayerSettings(file: file, name: name, values: config, limits: limits)
        guard ModelConfiguration.classes.contains(className) else {
            throw settings.refusal(
                "is a model of the class \(className.prefix(60)), which holds code",
                "Build it as a Functional or Sequential model, or export it to ONNX.")
        }
        let model = try ModelConfiguration(className: className, settings: settings)
        let shape = try model.inputShape(given: [height, width, channels], settings)
        var assembly = GraphAssembly()
        var failure: (any Error)?
        let graph = try Graph(name: name, input: shape) { image in
            do { return try assembly.add(model, settings, behind: image) } catch {
                failure = error
                return image
            }
        }
        if let failure { throw failure }
        self.init(graph: graph, assembly: assembly)
    }

    private init(graph: Graph, assembly: GraphAssembly) {
        self.graph = graph
        if case .activation(let activation) = graph.layers[graph.output].operation {
            outputActivation = activation
        } else {
            outputActivation = .linear
        }
        fixedWeights = assembly.fixed
        frozenLayers = assembly.frozen
        omittedLayers = assembly.omitted
        places = assembly.places
    }
}

/// Whether a name can stand in a message as it is.
func isPlain(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= ArchitectureLimits().nameLength
        && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
}

/// Where a Keras file keeps the weights of one layer.
struct KerasPlace: Sendable, Equatable {
    /// The layer's name in the graph.
    var layer: String
    /// Its name in the file.
    var name: String
    /// The models it stands in, without the outermost.
    var models: [String]
    /// Class and counter of each of those and of the layer, as Keras 3 calls its groups.
    var path: [String]
}

extension ModelConfiguration {
    /// Height, width, channels; or the number of features.
    fileprivate func inputShape(given: [Int?], _ settings: LayerSettings) throws -> [Int] {
        var (model, owner) = (self, settings)
        // A sequence may start with a model, which may be one too.
        for _ in 0..<settings.limits.depth {
            let first = model.ends.map { ends in model.layers.first { $0.settings.name == ends.input } }
            guard let layer = first ?? model.layers.first else { break }
            if let shape = try layer.settings.inputShape() ?? owner.inputShape() {
                return try settings.resolve(shape, given: given)
            }
            guard ModelConfiguration.classes.contains(layer.className) else { break }
            model = try ModelConfiguration(className: layer.className, settings: layer.settings)
            owner = layer.settings
        }
        throw settings.refusal(
            "does not say how large its input is", "Give it an Input layer and save the model again.")
    }
}

extension LayerSettings {
    /// As stored, with nil for what is open; without the number of images.
    fileprivate func inputShape() throws -> [Int?]? {
        for key in ["batch_shape", "batch_input_shape", "build_input_shape"] {
            guard let value = present(key), let list = LayerSettings.list(value), list.count > 1 else { continue }
            return try list.dropFirst().map { size in
                if size == .null { return nil }
                guard let size = LayerSettings.whole(size), size >= 1 else {
                    throw damage("has an improper input shape")
                }
                return size
            }
        }
        return nil
    }

    fileprivate func resolve(_ stored: [Int?], given: [Int?]) throws -> [Int] {
        guard stored.count == 1 || stored.count == 3 else {
            throw refusal("takes \(stored.count) dimensions, not images or vectors")
        }
        let names = ["height", "width", "channels"]
        let shape = try stored.indices.map { index in
            let asked = stored.count == 3 ? given[index] : nil
            guard let size = stored[index] ?? asked else {
                throw refusal("leaves its input's \(names[index]) open", "Give the \(names[index]).")
            }
            guard asked == nil || asked == size else {
                throw refusal("takes a \(names[index]) of \(size)", "Resize the images to that.")
            }
            return size
        }
        guard shape.allSatisfy({ $0 >= 1 && $0 <= (stored.count == 3 ? 16_384 : limits.size) }) else {
            throw tooLarge("input")
        }
        return shape
    }
}
