import LightboxCore
import WireFormats

/// Layers with weights, into which the norms behind them are merged.
extension ONNXLowering {
    mutating func convolution(
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

    mutating func dense(_ index: Int) -> String {
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

    mutating func norm(_ layer: Graph.Layer, _ norm: Norm) -> String {
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
}
