import LightboxCore
import Networks

/// Turns a configuration into the layers of a graph, models inside models included.
struct GraphAssembly {
    private(set) var fixed = NetworkWeights()
    private(set) var frozen: Set<String> = []
    private(set) var omitted: [String] = []
    private(set) var places: [KerasPlace] = []
    private var names: Set<String> = []
    private var layerCount = 0
    /// The models that are being added, outermost first, without the whole.
    private var scope: [Scope] = []

    private struct Scope {
        var name: String
        var group: String
        var isFrozen: Bool
    }

    /// Adds a model behind a node and returns its output.
    mutating func add(_ model: ModelConfiguration, _ settings: LayerSettings, behind input: Node) throws -> Node {
        guard scope.count <= settings.limits.depth else { throw settings.tooLarge("nesting of models") }
        layerCount += model.layers.count
        guard layerCount <= settings.limits.layers else { throw settings.tooLarge("number of layers") }
        let groups = model.groups
        guard let ends = model.ends else {
            var node = input
            for (index, layer) in model.layers.enumerated() where layer.className != "InputLayer" {
                node = try add(layer, group: groups[index], behind: [node])
            }
            return node
        }
        return try addGraph(model, ends, groups, settings, behind: input)
    }

    /// Each layer as soon as its inputs are there; Keras lists them almost in that order.
    private mutating func addGraph(
        _ model: ModelConfiguration, _ ends: (input: String, output: ModelConfiguration.Source),
        _ groups: [String],
        _ settings: LayerSettings, behind input: Node
    ) throws -> Node {
        var values: [ModelConfiguration.Source: Node] = [.init(layer: ends.input, call: 0): input]
        let callCounts = Dictionary(uniqueKeysWithValues: model.layers.map { ($0.settings.name, $0.calls.count) })
        /// A layer called once has one value, whatever number Keras gave the call.
        func key(_ source: ModelConfiguration.Source) -> ModelConfiguration.Source {
            (callCounts[source.layer] ?? 0) <= 1 ? .init(layer: source.layer, call: 0) : source
        }
        var waiting = model.layers.indices.flatMap { layer in
            model.layers[layer].calls.indices.map { (layer: layer, call: $0) }
        }
        for _ in 0..<settings.limits.passes where !waiting.isEmpty {
            var rest: [(layer: Int, call: Int)] = []
            for (index, call) in waiting {
                let layer = model.layers[index]
                let own = ModelConfiguration.Source(layer: layer.settings.name, call: call)
                let inputs = layer.calls[call].inputs.map { values[key($0)] }
                if inputs.contains(where: { $0 == nil }) || inputs.isEmpty {
                    rest.append((index, call))
                } else if values[own] == nil {
                    try requireOneUse(layer)
                    values[own] = try add(
                        layer, group: groups[index], behind: inputs.compactMap(\.self), call: call)
                }
            }
            if rest.count == waiting.count { break }
            waiting = rest
        }
        guard let output = values[key(ends.output)] else {
            throw settings.damage("has no way from its input to its output")
        }
        return output
    }

    private func requireOneUse(_ layer: ModelConfiguration.Layer) throws {
        let sharing = ["Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Dense", "BatchNormalization"]
        guard layer.calls.count > 1 else { return }
        if sharing.contains(layer.className) || ModelConfiguration.classes.contains(layer.className) {
            throw layer.settings.refusal("is used \(layer.calls.count) times: shared weights are not supported")
        }
    }

    // MARK: One layer

    private mutating func add(
        _ layer: ModelConfiguration.Layer, group: String, behind inputs: [Node], call: Int = 0
    ) throws -> Node {
        let settings = layer.settings
        if ModelConfiguration.classes.contains(layer.className) {
            return try addModel(layer, group: group, behind: inputs)
        }
        let reading = try settings.reading(layer.className, input: inputs[0].shape)
        var node = inputs[0]
        switch reading {
        case .nothing:
            return node
        case .onlyInTraining:
            omitted.append(settings.name)
            return node
        case .rescaling(let scale, let offset):
            return try addRescaling(settings, scale, offset, behind: node)
        case .operation(let operation, let activation):
            try requireInputs(operation, inputs.count, settings)
            let name = unique(settings.name, call: call)
            node = node.layer(operation, name, with: Array(inputs.dropFirst()))
            try requireSize(node, operation, input: inputs[0].shape, settings)
            if operation.hasWeights { try place(name, settings, group: group) }
            if activation != .linear { node = node.activation(activation, unique(name + "_activation")) }
            return node
        }
    }

    private mutating func addModel(
        _ layer: ModelConfiguration.Layer, group: String, behind inputs: [Node]
    ) throws -> Node {
        let settings = layer.settings
        guard inputs.count == 1 else { throw settings.refusal("is a model with \(inputs.count) inputs") }
        let isTrained = try settings.flag("trainable", otherwise: true)
        scope.append(Scope(name: settings.name, group: group, isFrozen: !isTrained))
        defer { scope.removeLast() }
        let model = try ModelConfiguration(className: layer.className, settings: settings)
        return try add(model, settings, behind: inputs[0])
    }

    /// One factor and one summand per channel: a 1 × 1 window on each channel by itself.
    private mutating func addRescaling(
        _ settings: LayerSettings, _ scale: [Float], _ offset: [Float], behind input: Node
    ) throws -> Node {
        let channels = input.channels
        guard input.shape.count == 3, [scale, offset].allSatisfy({ $0.count == 1 || $0.count == channels }) else {
            throw settings.refusal("scales something else than the channels of images")
        }
        let name = unique(settings.name)
        let spread = [scale, offset].map { $0.count == 1 ? Array(repeating: $0[0], count: channels) : $0 }
        fixed.layers[name] = [
            NDArray(shape: [1, 1, channels, 1], values: spread[0]), NDArray(shape: [channels], values: spread[1]),
        ]
        return input.depthwise(name, kernel: 1, padding: .valid, bias: true)
    }

    private mutating func place(_ name: String, _ settings: LayerSettings, group: String) throws {
        places.append(
            KerasPlace(
                layer: name, name: settings.name, models: scope.map(\.name), path: scope.map(\.group) + [group]))
        let isTrained = try settings.flag("trainable", otherwise: true)
        if !isTrained || scope.contains(where: \.isFrozen) { frozen.insert(name) }
    }

    // MARK: Checks

    private func requireInputs(_ operation: Operation, _ count: Int, _ settings: LayerSettings) throws {
        switch operation {
        case .add, .concatenate:
            if count < 2 { throw settings.refusal("joins \(count) layer, not several") }
        default:
            if count != 1 { throw settings.refusal("is called with \(count) inputs, not one") }
        }
    }

    /// Sizes multiply along a network: none may grow beyond what a machine can hold, or a number count.
    private func requireSize(
        _ node: Node, _ operation: Operation, input: [Int], _ settings: LayerSettings
    ) throws {
        func product(_ sizes: [Int]) -> Int? {
            sizes.reduce(1 as Int?) { product, size in
                guard let product else { return nil }
                let (result, overflow) = product.multipliedReportingOverflow(by: size)
                return overflow ? nil : result
            }
        }
        guard let values = product(node.shape), values <= settings.limits.values else {
            throw settings.tooLarge("output")
        }
        let kernel: [Int]
        switch operation {
        case .convolution(_, let window, _), .depthwise(_, let window, _), .separable(_, let window, _):
            kernel = [window.size.height, window.size.width, input.last ?? 0, node.channels]
        case .dense:
            kernel = [input.last ?? 0, node.channels]
        default:
            return
        }
        guard let weights = product(kernel), weights <= settings.limits.weights else {
            throw settings.tooLarge("kernel")
        }
    }

    // MARK: Names

    /// A layer's own name; with those of its models, or a number, where it is taken.
    private mutating func unique(_ name: String, call: Int = 0) -> String {
        var candidate = call == 0 ? name : "\(name)_\(call)"
        if names.contains(candidate), !scope.isEmpty {
            candidate = (scope.map(\.name) + [candidate]).joined(separator: "_")
        }
        let base = candidate
        var number = 1
        while !names.insert(candidate).inserted {
            candidate = "\(base)_\(number)"
            number += 1
        }
        return candidate
    }
}

extension Operation {
    fileprivate var hasWeights: Bool {
        switch self {
        case .convolution, .depthwise, .separable, .dense, .norm: true
        default: false
        }
    }
}

extension ModelConfiguration {
    /// What Keras 3 calls the group of each layer in its files: the class in snake case, and a number for each
    /// further one in the same model.
    var groups: [String] {
        var counts: [String: Int] = [:]
        return layers.map { layer in
            let base = ModelConfiguration.snakeCase(layer.className)
            let count = counts[base, default: 0]
            counts[base] = count + 1
            return count == 0 ? base : "\(base)_\(count)"
        }
    }

    /// `Conv2D` is `conv2d`, `ReLU` is `re_lu`, `BatchNormalization` is `batch_normalization`.
    static func snakeCase(_ name: String) -> String {
        let characters = Array(name)
        var result = ""
        for (index, character) in characters.enumerated() {
            if index > 0, character.isUppercase {
                let isFollowed = index + 1 < characters.count && characters[index + 1].isLowercase
                if characters[index - 1].isLowercase || isFollowed { result += "_" }
            }
            result += character.lowercased()
        }
        return result
    }
}
