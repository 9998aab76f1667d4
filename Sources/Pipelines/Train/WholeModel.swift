import Datasets
import Foundation
import KerasFiles
import LightboxCore
import ModelRegistry
import Networks

/// A model with an architecture of its own, from a Keras file or a folder, before anything is done with it.
struct WholeModel {
    /// The file's name without its ending, or the folder's model.
    var name: String
    /// As messages call it.
    var path: String
    var graph: Graph
    var weights: NetworkWeights
    /// Layers that training leaves as they are: `trainable=false` in the file, and settings such as Rescaling's.
    var frozen: Set<String>
    var preprocessing: Preprocessing
    /// Of the file; nil for a folder.
    var hash: ContentHash?

    /// - Throws: `ArchitectureError` naming a `Lambda` or an unknown layer, `WeightError`, or ``InputError`` for what
    ///   neither the file nor `facts` say.
    init(file path: String, _ facts: KerasModelFacts) throws {
        let model = try KerasFile(path: path).model(
            height: facts.shape?.height, width: facts.shape?.width, channels: facts.shape?.channels)
        name = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
        self.path = path
        (graph, weights) = (model.graph, model.weights)
        let fixed = Set(model.architecture.fixedWeights.layers.keys)
        frozen = model.architecture.frozenLayers.union(fixed)
        preprocessing = try Self.preprocessing(of: graph, fixed: fixed, facts, path: path)
        hash = try ContentHash(ofFile: path)
    }

    init(folder: ModelFolder) throws {
        name = folder.manifest.name
        path = folder.path
        (graph, weights) = (try folder.graph(), try folder.weights())
        frozen = try folder.frozenLayers()
        preprocessing = folder.manifest.preprocessing
    }

    /// - Parameter path: of a Keras file, of a model's folder or of a run's.
    init(path: String, _ facts: KerasModelFacts) throws {
        if ModelPlace.isFile(path) {
            try self.init(file: path, facts)
            return
        }
        try self.init(folder: ModelFolder(path: ModelPlace.resolve(path)))
        if let scaling = facts.scaling { preprocessing.scaling = scaling }
        if let shape = facts.shape, [shape.height, shape.width, shape.channels] != graph.inputShape {
            throw InputError(.invalidInput, "\(path) takes images of \(Self.text(graph.inputShape)).")
        }
    }

    private static func preprocessing(
        of graph: Graph, fixed: Set<String>, _ facts: KerasModelFacts, path: String
    ) throws -> Preprocessing {
        let shape = graph.inputShape
        guard shape.count == 3, [1, 3].contains(shape[2]) else {
            throw InputError(.unsupported, "\(path) takes \(text(shape)) numbers, not images of 1 or 3 channels.")
        }
        let scalesItself = graph.layers.contains { $0.inputs == [0] && fixed.contains($0.name) }
        guard let scaling = facts.scaling ?? (scalesItself ? Preprocessing.Scaling.none : nil) else {
            throw InputError(
                .invalidInput,
                "\(path) does not say how its images were scaled. Pass --scaling zero-to-one (x / 255), minus-one-to-one, "
                    + "imagenet-standardised, caffe or none.")
        }
        return Preprocessing(height: shape[0], width: shape[1], channels: shape[2], scaling: scaling)
    }

    static func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: " × ") }
}

extension WholeModel {
    /// What the model's numbers mean, and the graph that ends in scores.
    ///
    /// - Throws: ``InputError`` for labels that are missing or do not fit.
    func judged(by facts: KerasModelFacts) throws -> (graph: Graph, output: ModelOutput) {
        let shape = graph.outputShape
        if shape == Array(graph.inputShape.prefix(2)) + [1] {
            return (graph, ModelOutput(kind: .heatmap, labels: [], activation: graph.lastActivation))
        }
        guard shape.count == 1 else {
            throw InputError(
                .unsupported, "\(path) gives \(Self.text(shape)) numbers: neither scores nor a map of its image.")
        }
        guard let labels = facts.labels else {
            throw InputError(
                .invalidInput,
                "\(path) gives \(shape[0]) scores and does not name them. Pass --labels: chexpert14, a YAML file, a "
                    + "list of names, or NAME,NAME.")
        }
        guard labels.count == shape[0] else {
            throw InputError(
                .invalidInput, "\(path) gives \(shape[0]) scores, and there are \(labels.count) labels.")
        }
        let activation = graph.lastActivation
        let kind: ModelOutput.Kind =
            facts.areLabelsNames ? (activation == .sigmoid ? .states : .classes) : .init(labels.kind)
        switch (activation, kind) {
        case (.softmax, .classes), (.sigmoid, _):
            return (graph, ModelOutput(kind: kind, labels: labels.names, activation: activation))
        case (.linear, _):
            let last: Activation = kind == .states ? .sigmoid : .softmax
            return (
                try graph.ending(with: last, behind: graph.output),
                ModelOutput(kind: kind, labels: labels.names, activation: last)
            )
        default:
            throw InputError(
                .unsupported,
                "\(path) ends in \(activation.rawValue), which gives no scores of "
                    + (kind == .states ? "findings that are judged one by one." : "classes."))
        }
    }

    /// The model as a folder, which every command takes.
    func folder(at place: String, _ facts: KerasModelFacts) throws -> ModelFolder {
        let (graph, output) = try judged(by: facts)
        let manifest = ModelManifest(
            name: name, architecture: try .keras(graph, frozen: frozen), preprocessing: preprocessing,
            output: output,
            // The file does not say when it was made, and the same file is to give the same folder.
            provenance: .init(lightbox: "", created: Date(timeIntervalSince1970: 0), pretrainedWeights: hash))
        return try ModelFolder.write(manifest, weights: weights, to: place, isReplacing: true)
    }
}

extension Graph {
    /// With an activation as the last step.
    func ending(with activation: Activation, behind last: Int) throws -> Graph {
        let name = freeName(layers[last].name + "_" + activation.rawValue)
        return try ending(at: last) { $0.activation(activation, name) }
    }
}

extension ModelOutput.Kind {
    init(_ kind: LabelSet.Kind) {
        switch kind {
        case .states: self = .states
        case .classes: self = .classes
        }
    }
}
