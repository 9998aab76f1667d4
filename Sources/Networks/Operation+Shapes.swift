extension Operation {
    /// The shape that comes out, or nil where the inputs do not fit.
    func outputShape(of inputs: [[Int]]) -> [Int]? {
        guard let input = inputs.first else { return nil }
        switch self {
        case .input, .norm, .activation, .dropout:
            return input
        case .convolution(let filters, let window, _), .separable(let filters, let window, _):
            return window.slide(over: input).map { $0 + [filters] }
        case .depthwise(let multiplier, let window, _):
            return window.slide(over: input).map { $0 + [input[2] * multiplier] }
        case .pool(_, let window):
            return window.slide(over: input).map { $0 + [input[2]] }
        case .dense(let units, _):
            return input.count == 1 ? [units] : nil
        case .globalPool(_, let keepsDimensions):
            guard input.count == 3 else { return nil }
            return keepsDimensions ? [1, 1, input[2]] : [input[2]]
        case .add:
            return inputs.allSatisfy { $0 == input } ? input : nil
        case .concatenate:
            guard inputs.allSatisfy({ $0.dropLast() == input.dropLast() }) else { return nil }
            return Array(input.dropLast()) + [inputs.reduce(0) { $0 + ($1.last ?? 0) }]
        case .zeroPadding(let edges):
            guard input.count == 3 else { return nil }
            return [input[0] + edges.top + edges.bottom, input[1] + edges.left + edges.right, input[2]]
        case .flatten:
            return [input.reduce(1, *)]
        case .reshape(let shape):
            return shape.reduce(1, *) == input.reduce(1, *) ? shape : nil
        }
    }

    /// The arrays this layer holds for an input of that shape, in the order of Keras's weight files.
    func weights(input: [Int]) -> [WeightSpecification] {
        let channels = input.last ?? 0
        var weights: [WeightSpecification] = []
        switch self {
        case .convolution(let filters, let window, let hasBias):
            weights.append(.kernel("kernel", window.size, channels, filters))
            if hasBias { weights.append(.bias(filters)) }
        case .depthwise(let multiplier, let window, let hasBias):
            weights.append(.kernel("depthwise_kernel", window.size, channels, multiplier))
            if hasBias { weights.append(.bias(channels * multiplier)) }
        case .separable(let filters, let window, let hasBias):
            weights.append(.kernel("depthwise_kernel", window.size, channels, 1))
            weights.append(.kernel("pointwise_kernel", 1, channels, filters))
            if hasBias { weights.append(.bias(filters)) }
        case .dense(let units, let hasBias):
            let initializer = Initializer.glorotUniform(fanIn: channels, fanOut: units)
            weights.append(
                WeightSpecification(name: "kernel", shape: [channels, units], initializer: initializer))
            if hasBias { weights.append(.bias(units)) }
        case .norm(let norm):
            if norm.hasScale { weights.append(.vector("gamma", channels, .ones)) }
            if norm.hasOffset { weights.append(.vector("beta", channels, .zeros)) }
            weights.append(.vector("moving_mean", channels, .zeros))
            weights.append(.vector("moving_variance", channels, .ones))
        default:
            break
        }
        return weights
    }

    /// The layer's class in Keras, in snake case: what an unnamed layer is called, with a counter.
    public var kerasClass: String {
        switch self {
        case .input: "input_layer"
        case .convolution: "conv2d"
        case .depthwise: "depthwise_conv2d"
        case .separable: "separable_conv2d"
        case .dense: "dense"
        case .norm: "batch_normalization"
        case .activation(.relu6): "re_lu"
        case .activation: "activation"
        case .pool(.max, _): "max_pooling2d"
        case .pool(.average, _): "average_pooling2d"
        case .globalPool(.max, _): "global_max_pooling2d"
        case .globalPool(.average, _): "global_average_pooling2d"
        case .add: "add"
        case .concatenate: "concatenate"
        case .zeroPadding: "zero_padding2d"
        case .flatten: "flatten"
        case .reshape: "reshape"
        case .dropout: "dropout"
        }
    }
}

extension Window {
    fileprivate func slide(over input: [Int]) -> [Int]? {
        guard input.count == 3 else { return nil }
        let output = output(of: Extent(input[0], input[1]))
        return output.height > 0 && output.width > 0 ? [output.height, output.width] : nil
    }
}

extension WeightSpecification {
    fileprivate static func kernel(
        _ name: String, _ size: Extent, _ inputs: Int, _ outputs: Int
    ) -> WeightSpecification {
        let field = size.height * size.width
        return WeightSpecification(
            name: name, shape: [size.height, size.width, inputs, outputs],
            initializer: .glorotUniform(fanIn: field * inputs, fanOut: field * outputs))
    }

    fileprivate static func bias(_ count: Int) -> WeightSpecification { vector("bias", count, .zeros) }

    fileprivate static func vector(_ name: String, _ count: Int, _ initializer: Initializer) -> WeightSpecification
    {
        WeightSpecification(name: name, shape: [count], initializer: initializer)
    }
}
