import LightboxCore
import WireFormats

/// Walks a graph and writes each layer as ONNX nodes, channels first.
struct ONNXLowering {
    let graph: Graph
    let weights: NetworkWeights
    let options: ONNXOptions
    private(set) var nodes: [ONNXNodeProto] = []
    private(set) var initializers: [ONNXTensorProto] = []

    private let consumers: [[Int]]
    /// The tensor that holds each layer's values.
    private var values: [String] = []
    /// Padding that a layer leaves to the window behind it.
    private var pendingEdges: [Int: Edges] = [:]
    /// Norms that were merged into the layer in front of them.
    private var foldedNorms: Set<Int> = []
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

    private func input(_ layer: Graph.Layer) -> String { values[layer.inputs[0]] }

    // MARK: Layers with weights

    private mutating func convolution(
        _ index: Int, _ window: Window, kernel: String, name: String, input: String, isDepthwise: Bool = false,
        isLast: Bool = true
    ) -> String {
        let layer = graph.layers[index]
        guard let array = weights[layer, kernel] else { preconditionFailure("weights were checked") }
        let folding = isLast ? foldableNorm(behind: index).flatMap { self.folding($0) } : nil
        let outputs = isDepthwise ? array.shape[2] * array.shape[3] : array.shape[3]
        let tensor = KernelLayout(array, isDepthwise: isDepthwise)
            .tensor(named: "\(layer.name)/\(kernel)", scale: folding?.scale)
        initializers.append(tensor)
        var inputs = [input, tensor.name]
        let bias = isLast ? weights[layer, "bias"] : nil
        if bias != nil || folding != nil {
            inputs.append(addBias(layer.name, bias, folding, count: outputs))
        }
        // A 1 × 1 window, such as the second half of a separable layer, has no edges.
        let edges = window.size == 1 ? Edges() : self.edges(window, of: layer.inputs[0])
        return add(
            "Conv", name, inputs,
            window.attributes(edges: edges) + [.init("group", isDepthwise ? array.shape[2] : 1)])
    }

    private mutating func dense(_ index: Int) -> String {
        let layer = graph.layers[index]
        guard var kernel = weights[layer, "kernel"] else { preconditionFailure("weights were checked") }
        let folding = foldableNorm(behind: index).flatMap { self.folding($0) }
        if let folding {
            let columns = kernel.shape[1]
            for position in kernel.values.indices {
                kernel.values[position] = Float(
                    Double(kernel.values[position]) * folding.scale[position % columns])
            }
        }
        initializers.append(
            ONNXTensorProto(name: "\(layer.name)/kernel", dims: kernel.shape, floats: kernel.values))
        var inputs = [input(layer), "\(layer.name)/kernel"]
        let bias = weights[layer, "bias"]
        if bias != nil || folding != nil {
            inputs.append(addBias(layer.name, bias, folding, count: kernel.shape[1]))
        }
        return add("Gemm", layer.name, inputs)
    }

    /// The bias that is left when `folding` is merged in.
    private mutating func addBias(_ layer: String, _ bias: NDArray?, _ folding: Folding?, count: Int) -> String {
        var values = bias?.values ?? Array(repeating: 0, count: count)
        if let folding {
            values = values.indices.map { Float(Double(values[$0]) * folding.scale[$0] + folding.offset[$0]) }
        }
        initializers.append(ONNXTensorProto(name: "\(layer)/bias", dims: [count], floats: values))
        return "\(layer)/bias"
    }

    private mutating func norm(_ layer: Graph.Layer, _ norm: Norm) -> String {
        let channels = layer.shape.last ?? 0
        func values(_ name: String, otherwise: Float) -> [Float] {
            weights[layer, name]?.values ?? Array(repeating: otherwise, count: channels)
        }
        var inputs = [input(layer)]
        for (name, otherwise) in [("gamma", 1), ("beta", 0), ("moving_mean", 0), ("moving_variance", 1)] {
            let tensor = ONNXTensorProto(
                name: "\(layer.name)/\(name)", dims: [channels], floats: values(name, otherwise: Float(otherwise)))
            initializers.append(tensor)
            inputs.append(tensor.name)
        }
        return add("BatchNormalization", layer.name, inputs, [.init("epsilon", norm.epsilon)])
    }

    // MARK: Folding

    /// A norm as one multiplication and one addition per channel.
    private struct Folding {
        var scale: [Double]
        var offset: [Double]
    }

    /// The norm that alone reads a layer, marked as merged.
    private mutating func foldableNorm(behind index: Int) -> Int? {
        guard options.foldsNorms, index != graph.output, consumers[index].count == 1,
            case .norm = graph.layers[consumers[index][0]].operation
        else { return nil }
        foldedNorms.insert(consumers[index][0])
        return consumers[index][0]
    }

    private func folding(_ index: Int) -> Folding? {
        let layer = graph.layers[index]
        guard case .norm(let norm) = layer.operation, let mean = weights[layer, "moving_mean"]?.values,
            let variance = weights[layer, "moving_variance"]?.values
        else { return nil }
        let gamma = weights[layer, "gamma"]?.values
        let beta = weights[layer, "beta"]?.values
        var result = Folding(scale: [], offset: [])
        for channel in mean.indices {
            let deviation = (Double(variance[channel]) + Double(norm.epsilon)).squareRoot()
            let scale = Double(gamma?[channel] ?? 1) / deviation
            result.scale.append(scale)
            result.offset.append(Double(beta?[channel] ?? 0) - Double(mean[channel]) * scale)
        }
        return result
    }

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
    private func edges(_ window: Window, of producer: Int) -> Edges {
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

    private mutating func add(
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
    fileprivate func attributes(edges: Edges) -> [ONNXAttributeProto] {
        [
            ONNXAttributeProto("kernel_shape", [size.height, size.width]),
            ONNXAttributeProto("strides", [stride.height, stride.width]),
            ONNXAttributeProto("pads", [edges.top, edges.left, edges.bottom, edges.right]),
        ]
    }
}
