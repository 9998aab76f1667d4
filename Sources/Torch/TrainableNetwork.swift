import CTorch
import LightboxCore
public import Networks

/// How a network is run.
public enum Mode: Sendable, Hashable {
    /// Norms use the batch's statistics and remember them, dropout drops, gradients can be computed. The seed
    /// decides what this step's dropout drops.
    case training(seed: UInt64)
    /// Norms use what they remember; nothing is differentiated.
    case inference
}

/// A graph that can be trained, with Keras's semantics: `same` padding, momentum and epsilon of norms.
///
/// Weights and gradients are 32-bit floats; feature maps lie channels-last. Not Sendable: it belongs to the
/// thread that trains.
public final class TrainableNetwork {
    public let graph: Graph
    public let device: Device
    /// `f32` or `bf16`.
    public let precision: TrainingPrecision
    /// The trainable ones, in the graph's order.
    public let parameters: [Parameter]

    let functions: ctorch_functions
    let group: ProcessGroup?
    /// By layer, each as in the layer's `weights`.
    let arrays: [[Parameter]]
    let isFrozen: [Bool]
    let plan: ForwardPlan

    /// - Parameters:
    ///   - weights: of every layer, copied.
    ///   - isTrainable: whether a layer's weights change. A norm that does not runs on its remembered statistics
    ///     in training too, as in Keras.
    ///   - group: whose processes share the norms' statistics.
    /// - Throws: ``WeightError`` when the weights do not fit, ``TorchError``.
    public init(
        _ graph: Graph, weights: NetworkWeights, on device: Device = .cpu, precision: TrainingPrecision = .f32,
        isTrainable: (Graph.Layer) -> Bool = { _ in true }, group: ProcessGroup? = nil
    ) throws {
        try device.check()
        try weights.check(against: graph)
        self.graph = graph
        self.device = device
        self.group = group
        self.precision = try precision.resolved(on: device)
        functions = try TorchLibrary.functions()
        plan = ForwardPlan(graph)
        isFrozen = graph.layers.map { !isTrainable($0) }
        arrays = try graph.layers.map { layer in
            try zip(layer.weights, weights.layers[layer.name] ?? []).map { weight, array in
                let layout = Layout(of: weight)
                return Parameter(
                    name: layer.name + "/" + weight.name,
                    tensor: try Tensor(array, layout: layout, on: device), shape: weight.shape, layout: layout)
            }
        }
        var trainable: [Parameter] = []
        for (index, layer) in graph.layers.enumerated() where !isFrozen[index] {
            for (weight, parameter) in zip(layer.weights, arrays[index]) where weight.isTrainable {
                try parameter.tensor.requireGradient()
                trainable.append(parameter)
            }
        }
        parameters = trainable
    }

    /// The most that a training step leaves of a norm's moving mean and variance, whatever its own momentum; 1 for
    /// no limit, as in Keras.
    public var momentumLimit: Float = 1

    var tensors: [Tensor] { arrays.flatMap { $0.map(\.tensor) } }

    /// Every layer's weights, copied out, in Keras's layout.
    public func weights() throws -> NetworkWeights {
        var layers: [String: [NDArray]] = [:]
        for (layer, arrays) in zip(graph.layers, arrays) where !arrays.isEmpty {
            layers[layer.name] = try arrays.map { try $0.array() }
        }
        return NetworkWeights(layers)
    }

    /// Overwrites every layer's weights; optimizers go on holding the same parameters.
    public func load(_ weights: NetworkWeights) throws {
        try weights.check(against: graph)
        for (layer, arrays) in zip(graph.layers, arrays) {
            for (parameter, array) in zip(arrays, weights.layers[layer.name] ?? []) {
                try parameter.tensor.write(array, layout: parameter.layout)
            }
        }
    }

    /// From images to what the graph gives, before or after its last activation as the graph says.
    ///
    /// - Parameter input: `[images, height, width, channels]`, or `[rows, features]` for a graph on vectors.
    /// - Returns: `[images, classes]` or `[images, height, width, channels]`, 32-bit floats.
    public func forward(_ input: Tensor, _ mode: Mode) throws -> Tensor {
        guard Array(input.shape.dropFirst()) == graph.inputShape else {
            throw TorchError(
                code: .shapeMismatch, place: "\(graph.name), input \(input.shape)",
                remedy: "The network takes batches of \(graph.inputShape).")
        }
        let before = functions.set_gradients(mode == .inference ? 0 : 1)
        defer { _ = functions.set_gradients(before) }
        return try walk(input, mode)
    }
}

extension Layout {
    init(of weight: WeightSpecification) {
        switch weight.name {
        case "depthwise_kernel": self = .depthwise
        case "kernel", "pointwise_kernel": self = weight.shape.count == 4 ? .kernel : .dense
        default: self = .plain
        }
    }
}
