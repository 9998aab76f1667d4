import LightboxCore
import WireFormats

/// Walks a graph and writes each layer as ONNX nodes, channels first.
struct ONNXLowering {
    let graph: Graph
    let weights: NetworkWeights
    let options: ONNXOptions
    private(set) var nodes: [ONNXNodeProto] = []
    var initializers: [ONNXTensorProto] = []

    let consumers: [[Int]]
    /// The tensor that holds each layer's values.
    private var values: [String] = []
    /// Padding that a layer leaves to the window behind it.
    private var pendingEdges: [Int: Edges] = [:]
    /// Norms that were merged into the layer in front of them.
    var foldedNorms: Set<Int> = []
    private var constants: Set<String> = []

    init(graph: Graph, weights: NetworkWeights, options: ONNXOptions) {
        self.graph = graph
        self.weights = weights
        self.options = options
        self.consumers = graph.consumers
        nodes.reserveCapacity(graph.layers.count + 2)
    }

    mutating func run() {
        for index in graph.layers.indices { values.append(lower(index)) }
        var result = values[graph.output]
        if graph.outputShape.count == 3 {
            result = add("Transpose", "\(result)/nhwc", [result], [.init("perm", [0, 2, 3, 1])])
        }
        rename(result, to: options.outputName)
    }

    // MARK: One layer

    /// Writes one layer and returns the name of its output tensor.
    private mutating func lower(_ index: Int) -> String {
        let layer = graph.layers[index]
        switch layer.operation {
        case .input:
            return add("Transpose", "\(layer.name)/nchw", [options.inputName], [.init("perm", [0, 3, 1, 2])])
        case .convolution(_, let window, _):
            return convolution(index, window, kernel: "kernel", name: layer.name, input: input(layer))
        case .depthwise(_, let window, _):
            return convolution(
                index, window, kernel: "depthwise_kernel", name: layer.name, input: input(layer),
                isDepthwise: true)
        case .separable(_, let window, _):
            let filtered = convolution(
                index, window, kernel: "depthwise_kernel", name: "\(layer.name)/depthwise", input: input(layer),
                isDepthwise: true, isLast: false)
            return convolution(index, Window(1), kernel: "pointwise_kernel", name: layer.name, input: filtered)
        case .dense:
            return dense(index)
        case .norm(let norm):
            return foldedNorms.contains(index) ? input(layer) : self.norm(layer, norm)
        case .activation(let activation):
            return self.activation(layer, activation)
        case .pool(let kind, let window):
            return pool(layer, kind, window)
        case .globalPool(let kind, let keepsDimensions):
            let operation = kind == .max ? "GlobalMaxPool" : "GlobalAveragePool"
            let name = keepsDimensions ? layer.name : "\(layer.name)/pool"
            let pooled = add(operation, name, [input(layer)])
            return keepsDimensions ? pooled : add("Flatten", layer.name, [pooled], [.init("axis", 1)])
        case .add:
            return layer.inputs.dropFirst().reduce(values[layer.inputs[0]]) { sum, other in
                let isLast = other == layer.inputs.last
                return add("Add", isLast ? layer.name : "\(layer.name)/\(other)", [sum, values[other]])
            }
        case .concatenate:
            return add("Concat", layer.name, layer.inputs.map { values[$0] }, [.init("axis", 1)])
        case .zeroPadding(let edges):
            return zeroPadding(index, edges)
        case .flatten:
            return reshape(layer, to: layer.shape)
        case .reshape(let shape):
            return reshape(layer, to: shape)
        case .dropout:
            return input(layer)
        }
    }

    func input(_ layer: Graph.Layer) -> String { values[layer.inputs[0]] }

    // MARK: Layers without weights

    private mutating func activation(_ layer: Graph.Layer, _ activation: Activation) -> String {
        let input = [input(layer)]
        switch activation {
        case .linear: return input[0]
        case .relu: return add("Relu", layer.name, input)
        case .relu6: return add("Clip", layer.name, input + [constant("zero", 0), constant("six", 6)])
        case .sigmoid: return add("Sigmoid", layer.name, input)
        case .softmax: return add("Softmax", layer.name, input, [.init("axis", 1)])
        case .tanh: return add("Tanh", layer.name, input)
        }
    }

    private mutating func pool(_ layer: Graph.Layer, _ kind: PoolKind, _ window: Window) -> String {
        let attributes = window.attributes(edges: edges(window, of: layer.inputs[0]))
        switch kind {
        case .max:
            return add("MaxPool", layer.name, [input(layer)], attributes)
        case .average:
            return add("AveragePool", layer.name, [input(layer)], attributes + [.init("count_include_pad", 0)])
        }
    }

    /// A window's own padding and what a layer in front has left to it.
    func edges(_ window: Window, of producer: Int) -> Edges {
        window.edges(of: graph.layers[producer].extent) + (pendingEdges[producer] ?? Edges())
    }

    private mutating func zeroPadding(_ index: Int, _ edges: Edges) -> String {
        let layer = graph.layers[index]
        if leavesPaddingToReaders(index) {
            pendingEdges[index] = edges
            return input(layer)
        }
        let sizes = [0, 0, edges.top, edges.left, 0, 0, edges.bottom, edges.right]
        initializers.append(ONNXTensorProto(name: "\(layer.name)/pads", integers: sizes))
        return add("Pad", layer.name, [input(layer), "\(layer.name)/pads"])
    }

    /// Whether every reader is a window that can take the padding on: of a convolution, or of a maximum
    /// over values that are never below zero.
    private func leavesPaddingToReaders(_ index: Int) -> Bool {
        guard index != graph.output, !consumers[index].isEmpty else { return false }
        let source = graph.layers[graph.layers[index].inputs[0]].operation
        let isNeverNegative = source == .activation(.relu) || source == .activation(.relu6)
        return consumers[index].allSatisfy { reader in
            switch graph.layers[reader].operation {
            case .convolution(_, let window, _), .depthwise(_, let window, _), .separable(_, let window, _):
                return window.padding == .valid && window.size != 1
            case .pool(.max, let window):
                return window.padding == .valid && isNeverNegative
            default:
                return false
            }
        }
    }

    /// Rows, columns, channels are the order of the elements in Keras, so channels go last before and
    /// first again afterwards.
    private mutating func reshape(_ layer: Graph.Layer, to shape: [Int]) -> String {
        let source = graph.layers[layer.inputs[0]]
        var value = input(layer)
        if source.shape.count == 3, source.extent != 1 {
            value = add("Transpose", "\(layer.name)/nhwc", [value], [.init("perm", [0, 2, 3, 1])])
        }
        initializers.append(ONNXTensorProto(name: "\(layer.name)/shape", integers: [0] + shape))
        let isMap = shape.count == 3
        value = add("Reshape", isMap ? "\(layer.name)/reshaped" : layer.name, [value, "\(layer.name)/shape"])
        return isMap ? add("Transpose", layer.name, [value], [.init("perm", [0, 3, 1, 2])]) : value
    }

    // MARK: Writing

    mutating func add(
        _ operation: String, _ name: String, _ inputs: [String], _ attributes: [ONNXAttributeProto] = []
    ) -> String {
        nodes.append(
            ONNXNodeProto(operation, name: name, inputs: inputs, outputs: [name], attributes: attributes))
        return name
    }

    private mutating func constant(_ name: String, _ value: Float) -> String {
        let name = "constant/\(name)"
        if constants.insert(name).inserted {
            initializers.append(ONNXTensorProto(name: name, dims: [], floats: [value]))
        }
        return name
    }

    private mutating func rename(_ tensor: String, to name: String) {
        for index in nodes.indices {
            nodes[index].output = nodes[index].output.map { $0 == tensor ? name : $0 }
            nodes[index].input = nodes[index].input.map { $0 == tensor ? name : $0 }
        }
    }
}

extension Graph.Layer {
    /// Rows and columns; 1 × 1 of a vector.
    var extent: Extent { shape.count == 3 ? Extent(shape[0], shape[1]) : 1 }
}

extension Window {
    func attributes(edges: Edges) -> [ONNXAttributeProto] {
        [
            ONNXAttributeProto("kernel_shape", [size.height, size.width]),
            ONNXAttributeProto("strides", [stride.height, stride.width]),
            ONNXAttributeProto("pads", [edges.top, edges.left, edges.bottom, edges.right]),
        ]
    }
}
