import LightboxCore
import WireFormats

/// A model's configuration as Keras stores it: layers, how they are called, which comes in and out.
///
/// `Sequential` and the three names that Keras has given to a graph of layers are read; each of Keras's
/// generations writes the calls in its own way, and all of them come out as the same ``Call``s.
struct ModelConfiguration {
    /// One layer, or a model inside the model.
    struct Layer {
        var className: String
        var settings: LayerSettings
        /// In a graph: the layers it reads, for each time it is called.
        var calls: [Call]
    }

    /// One use of a layer.
    struct Call: Equatable {
        var inputs: [Source]
    }

    /// What a layer gives, the `call`th time it is called.
    struct Source: Hashable {
        var layer: String
        var call: Int
    }

    var layers: [Layer] = []
    /// In a graph: the layer that stands for the input, and what comes out. nil in a sequence.
    var ends: (input: String, output: Source)?

    static let classes: Set<String> = ["Functional", "Model", "Sequential"]

    /// - Parameter settings: the `config` of the model.
    init(className: String, settings: LayerSettings) throws {
        // Keras 1 and early Keras 2 stored a sequence as a bare list.
        guard let listed = settings.values.elements ?? settings.values["layers"]?.elements else {
            throw settings.damage("has no list of layers")
        }
        guard listed.count <= settings.limits.layers else { throw settings.tooLarge("number of layers") }
        let isSequence = className == "Sequential"
        layers = try listed.map { try Layer($0, within: settings) }
        guard Set(layers.map(\.settings.name)).count == layers.count else {
            throw settings.damage("has two layers of one name")
        }
        if isSequence { return }
        let inputs = try ModelConfiguration.ends("input_layers", settings)
        let outputs = try ModelConfiguration.ends("output_layers", settings)
        guard inputs.count == 1, outputs.count == 1 else {
            throw settings.refusal("has \(inputs.count) inputs and \(outputs.count) outputs, not one each")
        }
        ends = (inputs[0].layer, outputs[0])
    }

    /// `[["name", 0, 0], …]`; newer Keras writes a single one as `["name", 0, 0]`.
    private static func ends(_ key: String, _ settings: LayerSettings) throws -> [Source] {
        guard let list = settings.values[key]?.elements, let first = list.first else {
            throw settings.refusal("has no list of \(key)")
        }
        if first.string != nil { return [try Source(list, of: settings)] }
        return try list.map { end in
            guard let parts = end.elements else { throw settings.damage("has broken \(key)") }
            return try Source(parts, of: settings)
        }
    }
}

extension ModelConfiguration.Layer {
    fileprivate init(_ value: JSONValue, within model: LayerSettings) throws {
        guard let className = value["class_name"]?.string, let config = value["config"] else {
            throw model.damage("has a layer without a class or without settings")
        }
        let name = config["name"]?.string ?? value["name"]?.string ?? className.lowercased()
        guard isPlain(name) else {
            throw model.damage("has a layer with an improper name")
        }
        self.className = className
        settings = LayerSettings(file: model.file, name: name, values: config, limits: model.limits)
        let nodes = value["inbound_nodes"]?.elements ?? []
        guard nodes.count <= model.limits.layers else { throw settings.tooLarge("number of calls") }
        calls = []
        for node in nodes { calls.append(try ModelConfiguration.Call(node, of: settings)) }
    }
}

extension ModelConfiguration.Call {
    /// Keras 2: `[["name", 0, 0, {}], …]`, or for operators `["name", 0, 0, {"y": ["other", 0, 0]}]`.
    /// Keras 3: `{"args": […], "kwargs": {}}` with tensors that carry their history.
    init(_ node: JSONValue, of settings: LayerSettings) throws {
        inputs = []
        if node["args"] != nil || node["kwargs"] != nil {
            for argument in node["args"]?.elements ?? [] { try append(argument, settings) }
            try append(named: node["kwargs"], settings)
        } else if let parts = node.elements {
            for part in parts.first?.string == nil ? parts : [node] { try appendOlder(part, settings) }
        }
        guard inputs.count <= settings.limits.layers else { throw settings.tooLarge("number of inputs") }
    }

    private mutating func append(_ argument: JSONValue, _ settings: LayerSettings) throws {
        if let list = LayerSettings.list(argument) {
            for tensor in list { try append(tensor: tensor, settings) }
        } else {
            try append(tensor: argument, settings)
        }
    }

    private mutating func append(tensor: JSONValue, _ settings: LayerSettings) throws {
        guard tensor["class_name"]?.string == "__keras_tensor__",
            let history = tensor["config"]?["keras_history"]?.elements
        else { throw settings.refusal("is called with something that is not a layer's output") }
        inputs.append(try ModelConfiguration.Source(history, of: settings))
    }

    /// Arguments by name may be tensors, or settings that change nothing outside of training.
    private mutating func append(named arguments: JSONValue?, _ settings: LayerSettings) throws {
        for argument in arguments?.members ?? [] where argument.value != .null {
            if argument.value["class_name"] != nil {
                try append(tensor: argument.value, settings)
            } else if argument.name == "y", let parts = argument.value.elements {
                inputs.append(try ModelConfiguration.Source(parts, of: settings))
            } else if !["training", "mask", "name"].contains(argument.name) {
                throw settings.refusal("is called with the argument \(argument.name.prefix(40))")
            }
        }
    }

    private mutating func appendOlder(_ part: JSONValue, _ settings: LayerSettings) throws {
        guard let parts = part.elements, parts.count >= 3 else {
            throw settings.damage("has a broken list of inputs")
        }
        inputs.append(try ModelConfiguration.Source(parts, of: settings))
        if parts.count > 3 { try append(named: parts[3], settings) }
    }
}

extension ModelConfiguration.Source {
    /// Name, which call, which of its outputs.
    fileprivate init(_ parts: [JSONValue], of settings: LayerSettings) throws {
        guard parts.count >= 3, let layer = parts[0].string, let call = LayerSettings.whole(parts[1]),
            let output = LayerSettings.whole(parts[2])
        else { throw settings.damage("has a broken list of inputs") }
        guard output == 0 else { throw settings.refusal("reads a layer's second output") }
        self.layer = layer
        self.call = call
    }
}
