import CTorch
import LightboxCore
import Networks

extension TrainableNetwork {
    /// Layer by layer; each value is dropped after its last reader.
    func walk(_ input: Tensor, _ mode: Mode) throws -> Tensor {
        var values: [Tensor?] = Array(repeating: nil, count: graph.layers.count)
        for (index, layer) in graph.layers.enumerated() {
            let inputs = layer.inputs.compactMap { values[$0] }
            do {
                values[index] = try plan.isPassed[index] ? inputs[0] : value(of: layer, index, inputs, input, mode)
            } catch let error as TorchError {
                throw TorchError(
                    code: error.code, place: "\(graph.name), layer \(layer.name)", remedy: error.remedy)
            }
            for dropped in plan.drops[index] { values[dropped] = nil }
        }
        return try made { [output = values[graph.output]] in functions.leave(output?.handle, $0, $1) }
    }

    /// The strides of a batch as the layers see it: images × channels × height × width.
    package func mapStrides(of images: Tensor) throws -> [Int] {
        try made { functions.enter(images.handle, Int32(CTORCH_F32.rawValue), $0, $1) }.strides
    }

    private func value(
        of layer: Graph.Layer, _ index: Int, _ inputs: [Tensor], _ input: Tensor, _ mode: Mode
    ) throws -> Tensor {
        let x = inputs.first?.handle
        switch layer.operation {
        case .input:
            let precision = precision == .bf16 ? CTORCH_BF16 : CTORCH_F32
            return try made { functions.enter(input.handle, Int32(precision.rawValue), $0, $1) }
        case .convolution(_, let window, let hasBias):
            return try convolve(
                inputs[0], window, kernel: weight(index, 0), bias: hasBias ? weight(index, 1) : nil, groups: 1,
                extent: extent(of: layer))
        case .depthwise(_, let window, let hasBias):
            return try convolve(
                inputs[0], window, kernel: weight(index, 0), bias: hasBias ? weight(index, 1) : nil,
                groups: graph.layers[layer.inputs[0]].shape[2], extent: extent(of: layer))
        case .separable(_, let window, let hasBias):
            let map = try convolve(
                inputs[0], window, kernel: weight(index, 0), bias: nil,
                groups: graph.layers[layer.inputs[0]].shape[2], extent: extent(of: layer))
            return try convolve(
                map, Window(1), kernel: weight(index, 1), bias: hasBias ? weight(index, 2) : nil, groups: 1,
                extent: 1)
        case .dense(_, let hasBias):
            let bias = hasBias ? weight(index, 1) : nil
            return try made { functions.dense(x, weight(index, 0), bias, $0, $1) }
        case .norm(let norm):
            return try normalise(inputs[0], norm, index, mode)
        case .activation(let activation):
            return try made { functions.activate(activation.number, x, $0, $1) }
        case .pool(let kind, let window):
            var plain = ctorch_window(window, edges: window.edges(of: extent(of: layer)))
            return try made { functions.pool(kind == .max ? 1 : 0, x, &plain, $0, $1) }
        case .globalPool(let kind, let keepsDimensions):
            return try made { functions.global_pool(kind == .max ? 1 : 0, keepsDimensions ? 1 : 0, x, $0, $1) }
        case .add:
            return try inputs.dropFirst().reduce(inputs[0]) { try $0 + $1 }
        case .concatenate:
            let handles = inputs.map { Optional($0.handle) }
            return try made { functions.concatenate(handles, Int32(handles.count), $0, $1) }
        case .zeroPadding(let edges):
            return try made {
                functions.pad(
                    x, Int64(edges.top), Int64(edges.left), Int64(edges.bottom), Int64(edges.right), $0, $1)
            }
        case .flatten, .reshape:
            let lengths = layer.shape.map(Int64.init)
            return try made { functions.reshape(x, Int32(lengths.count), lengths, $0, $1) }
        case .dropout(let rate):
            guard case .training(let seed) = mode, rate > 0 else { return inputs[0] }
            var stream = SeededGenerator(seed: seed &+ UInt64(group?.rank ?? 0), stream: layer.name)
            let drawn = stream.next()
            return try made { functions.dropout(x, Double(rate), drawn, $0, $1) }
        }
    }

    private func convolve(
        _ x: Tensor, _ window: Window, kernel: OpaquePointer, bias: OpaquePointer?, groups: Int, extent: Extent
    ) throws -> Tensor {
        var plain = ctorch_window(window, edges: window.edges(of: extent))
        return try made { functions.convolution(x.handle, kernel, bias, &plain, Int64(groups), $0, $1) }
    }

    private func normalise(_ x: Tensor, _ norm: Norm, _ index: Int, _ mode: Mode) throws -> Tensor {
        var plain = ctorch_norm()
        var next = 0
        if norm.hasScale {
            plain.gamma = weight(index, next)
            next += 1
        }
        if norm.hasOffset {
            plain.beta = weight(index, next)
            next += 1
        }
        plain.moving_mean = weight(index, next)
        plain.moving_variance = weight(index, next + 1)
        plain.epsilon = Double(norm.epsilon)
        plain.momentum = Double(min(norm.momentum, momentumLimit))
        plain.is_training = mode == .inference || isFrozen[index] ? 0 : 1
        plain.activation = (plan.fused[index] ?? .linear).number
        plain.group = group?.handle
        return try made { functions.norm(x.handle, &plain, $0, $1) }
    }

    private func weight(_ layer: Int, _ position: Int) -> OpaquePointer { arrays[layer][position].tensor.handle }

    /// Rows and columns of the layer's input.
    private func extent(of layer: Graph.Layer) -> Extent {
        let shape = graph.layers[layer.inputs[0]].shape
        return Extent(shape[0], shape[1])
    }

    private func made(
        _ call: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<CChar>) -> Int32
    ) throws -> Tensor {
        Tensor(owning: try Tensor.make(graph.name, call), functions)
    }
}

extension Activation {
    /// As the C face counts.
    var number: Int32 {
        let code =
            switch self {
            case .linear: CTORCH_LINEAR
            case .relu: CTORCH_ACT_RELU
            case .relu6: CTORCH_ACT_RELU6
            case .sigmoid: CTORCH_ACT_SIGMOID
            case .softmax: CTORCH_ACT_SOFTMAX
            case .tanh: CTORCH_ACT_TANH
            }
        return Int32(code.rawValue)
    }
}

extension ctorch_window {
    init(_ window: Window, edges: Edges) {
        self.init(
            height: Int64(window.size.height), width: Int64(window.size.width),
            stride_height: Int64(window.stride.height), stride_width: Int64(window.stride.width),
            top: Int64(edges.top), left: Int64(edges.left), bottom: Int64(edges.bottom), right: Int64(edges.right))
    }
}
