import LightboxCore

/// A network for one input size, as a value: layers in the order they were written, each after its inputs.
///
/// The same graph is lowered to ONNX for inference and built as a trainable module; nothing is folded or
/// merged here.
public struct Graph: Sendable, Hashable {
    /// One layer.
    public struct Layer: Sendable, Hashable {
        /// As in the weight file; unnamed layers are called as Keras does, `conv2d_1`.
        public let name: String
        /// Whether the architecture gave the name. One that Keras counted differs from file to file.
        public let isNamed: Bool
        public let operation: Operation
        /// Indices into ``Graph/layers``.
        public let inputs: [Int]
        /// `[height, width, channels]` or `[features]`.
        public let shape: [Int]
        public let weights: [WeightSpecification]
    }

    public let name: String
    /// The first is the input.
    public let layers: [Layer]
    /// Index of the layer whose values come out.
    public let output: Int

    /// - Parameters:
    ///   - shape: height, width, channels.
    ///   - build: from the image to the output.
    /// - Throws: ``NetworkError`` when a layer does not fit its input.
    public init(name: String, input shape: [Int], build: (Node) -> Node) throws {
        let builder = GraphBuilder(name: name)
        let output = build(builder.append(.input, named: nil, inputs: [], shape: shape))
        if let failure = builder.failure { throw failure }
        self.name = name
        self.layers = builder.layers
        self.output = output.index
    }

    /// Height, width, channels.
    public var inputShape: [Int] { layers[0].shape }
    /// `[height, width, channels]` or `[features]`.
    public var outputShape: [Int] { layers[output].shape }
    public var parameterCount: Int {
        layers.reduce(0) { $0 + $1.weights.reduce(0) { $0 + $1.shape.reduce(1, *) } }
    }

    /// For each layer, the layers that read it.
    public var consumers: [[Int]] {
        var result = Array(repeating: [Int](), count: layers.count)
        for (index, layer) in layers.enumerated() {
            for input in layer.inputs { result[input].append(index) }
        }
        return result
    }
}

/// Collects the layers while an architecture's function runs.
final class GraphBuilder {
    let name: String
    private(set) var layers: [Graph.Layer] = []
    /// The first thing that did not fit; the rest of the function still runs.
    private(set) var failure: NetworkError?
    private var names: Set<String> = []
    private var counters: [String: Int] = [:]

    init(name: String) { self.name = name }

    func append(_ operation: Operation, named given: String?, inputs: [Int], shape: [Int]? = nil) -> Node {
        let inputShapes = shape.map { [$0] } ?? inputs.map { layers[$0].shape }
        let output = operation.outputShape(of: inputShapes)
        let layerName = given ?? automaticName(operation)
        if output == nil {
            fail(layerName, "\(operation.kerasClass) does not fit inputs of shape \(inputShapes)")
        }
        if !names.insert(layerName).inserted { fail(layerName, "the name is used twice") }
        layers.append(
            Graph.Layer(
                name: layerName, isNamed: given != nil, operation: operation, inputs: inputs,
                // A stand-in after a failure, so that the architecture's function can run to its end.
                shape: output ?? inputShapes.first ?? [1, 1, 1], weights: operation.weights(input: inputShapes[0]))
        )
        return Node(builder: self, index: layers.count - 1)
    }

    private func automaticName(_ operation: Operation) -> String {
        let base = operation.kerasClass
        let count = counters[base, default: 0]
        counters[base] = count + 1
        return count == 0 ? base : "\(base)_\(count)"
    }

    private func fail(_ layer: String, _ problem: String) {
        if failure == nil {
            failure = NetworkError(
                kind: .invalidInput, network: name, problem: "layer \(layer): \(problem)",
                remedy: "Use a larger input, or check the architecture.")
        }
    }
}
