import Foundation
import LightboxCore
import WireFormats

/// Puts the quantising and dequantising nodes into a graph.
struct QDQRewriting {
    let graph: ONNXGraphProto
    let correctsBias: Bool
    /// Of each tensor that is an input of a quantised convolution.
    var scales: [String: AffineScale] = [:]
    /// Mean of each channel of those tensors.
    var means: [String: [Double]] = [:]

    private let constants: [String: ONNXTensorProto]
    private let producers: [String: ONNXNodeProto]
    /// Nodes that read each tensor.
    private let consumers: [String: [Int]]
    private var quantisedNodes: Set<Int> = []
    private var nodes: [ONNXNodeProto] = []
    private var newConstants: [ONNXTensorProto] = []
    /// The dequantised form of a tensor under one scale, by both.
    private var rounded: [String: String] = [:]

    init(graph: ONNXGraphProto, correctsBias: Bool) {
        self.graph = graph
        self.correctsBias = correctsBias
        constants = Dictionary(graph.initializer.map { ($0.name, $0) }) { first, _ in first }
        producers = Dictionary(graph.node.flatMap { node in node.output.map { ($0, node) } }) { first, _ in first }
        consumers = graph.node.indices.reduce(into: [:]) { result, index in
            for tensor in graph.node[index].input { result[tensor, default: []].append(index) }
        }
    }

    mutating func run(
        _ model: ONNXModel, layers: [ConvolutionNode]
    ) -> (model: ONNXModel, report: QuantisationReport) {
        quantisedNodes = Set(layers.filter { $0.reasonForFloat == nil }.map(\.index))
        let byIndex = Dictionary(uniqueKeysWithValues: layers.map { ($0.index, $0) })
        var report = QuantisationReport(layers: [])
        for (index, node) in graph.node.enumerated() {
            if let layer = byIndex[index] {
                report.layers.append(write(node, layer))
            } else if isPoolOfRounded(node), let scale = scales[node.input[0]] {
                var node = node
                node.input[0] = round(node.input[0], by: scale)
                nodes.append(node)
            } else {
                nodes.append(node)
            }
        }
        var result = model
        result.proto.graph.node = withoutUnused(nodes)
        let used = Set(result.proto.graph.node.flatMap(\.input))
        result.proto.graph.initializer = (graph.initializer + newConstants).filter { used.contains($0.name) }
        return (result, report)
    }

    /// Leaves out nodes whose results nothing reads any more.
    private func withoutUnused(_ nodes: [ONNXNodeProto]) -> [ONNXNodeProto] {
        var wanted = Set(graph.output.map(\.name))
        var kept: [ONNXNodeProto] = []
        for node in nodes.reversed() where node.output.contains(where: wanted.contains) {
            wanted.formUnion(node.input)
            kept.append(node)
        }
        return kept.reversed()
    }

    // MARK: Convolutions

    private mutating func write(_ node: ONNXNodeProto, _ layer: ConvolutionNode) -> QuantisationReport.Layer {
        var facts = QuantisationReport.Layer(name: layer.name, reasonForFloat: layer.reasonForFloat)
        guard layer.reasonForFloat == nil, let scale = scales[layer.input],
            let kernel = constants[layer.kernel]?.floatArray, kernel.shape.count >= 3
        else {
            facts.reasonForFloat = layer.reasonForFloat ?? "its kernel is not an array of 32-bit floats"
            nodes.append(node)
            return facts
        }
        let quantised = KernelQuantisation(kernel)
        facts.inputRange = [scale.smallest, scale.largest]
        facts.inputNoise = scale.noise
        facts.kernelNoise = quantised.noise
        var node = node
        if let strides = layer.pointwiseStrides {
            node.input[0] = write(scale, on: thinned(layer, strides), key: "")
            for index in node.attribute.indices where node.attribute[index].name == "strides" {
                node.attribute[index].ints = strides.map { _ in 1 }
            }
        } else {
            node.input[0] = round(layer.input, by: scale)
        }
        node.input[1] = write(quantised, of: layer, shape: kernel.shape)
        if correctsBias, let means = means[layer.input] {
            let shift = quantised.meanShift(inputMeans: means, groups: layer.groups)
            let bias = layer.bias.flatMap { constants[$0]?.floatArray?.values }
            let name = layer.name + "/corrected_bias"
            let values = shift.indices.map { (bias?[$0] ?? 0) + shift[$0] }
            newConstants.append(ONNXTensorProto(name: name, dims: [values.count], floats: values))
            node.input = Array(node.input.prefix(2)) + [name]
        }
        nodes.append(node)
        return facts
    }

    /// The pixels of the input that a strided 1 × 1 convolution looks at, picked by a pooling of one pixel.
    ///
    /// OpenVINO would pick them itself, but in front of the rounding, and then not see an 8-bit convolution.
    private mutating func thinned(_ layer: ConvolutionNode, _ strides: [Int64]) -> String {
        let name = layer.name + "/thinned"
        nodes.append(
            ONNXNodeProto(
                "MaxPool", name: name, inputs: [layer.input], outputs: [name],
                attributes: [
                    ONNXAttributeProto("kernel_shape", strides.map { _ in 1 }),
                    ONNXAttributeProto("strides", strides.map(Int.init)),
                ]))
        return name
    }

    private mutating func write(
        _ kernel: KernelQuantisation, of layer: ConvolutionNode, shape: [Int]
    ) -> String {
        let (bytes, scales) = (layer.name + "/kernel_int8", layer.name + "/kernel_scale")
        newConstants.append(
            ONNXTensorProto(
                name: bytes, dims: shape, type: .int8, rawData: kernel.bytes.withUnsafeBytes { Data($0) }))
        newConstants.append(ONNXTensorProto(name: scales, dims: [kernel.scales.count], floats: kernel.scales))
        let zeros = layer.name + "/kernel_zero"
        newConstants.append(
            ONNXTensorProto(
                name: zeros, dims: [kernel.scales.count], type: .int8, rawData: Data(count: kernel.scales.count)))
        let output = layer.name + "/kernel_dequantised"
        nodes.append(
            ONNXNodeProto(
                "DequantizeLinear", name: output, inputs: [bytes, scales, zeros], outputs: [output],
                attributes: [ONNXAttributeProto("axis", 0)]))
        return output
    }

    // MARK: Activations

    /// The name of `tensor` rounded to bytes and back, by nodes that are written once.
    ///
    /// Rounding commutes with taking maxima and with joining channels, so it goes in front of a pooling or a
    /// concatenation that nothing else reads: those then move a quarter of the bytes.
    private mutating func round(_ tensor: String, by scale: AffineScale) -> String {
        let key = "\(tensor)/\(scale.scale)/\(scale.zeroPoint)"
        if let name = rounded[key] { return name }
        let suffix = rounded.keys.contains { $0.hasPrefix(tensor + "/") } ? "/\(rounded.count)" : ""
        let name: String
        if let producer = producers[tensor], ["MaxPool", "Concat"].contains(producer.opType),
            consumers[tensor, default: []].allSatisfy(readsRounded)
        {
            var moved = producer
            moved.input = producer.input.map { input in
                consumers[input]?.count == 1
                    ? round(input, by: scale) : write(scale, on: input, key: "for/" + tensor)
            }
            name = tensor + "/rounded" + suffix
            moved.name = name
            moved.output = [name]
            nodes.append(moved)
        } else {
            name = write(scale, on: tensor, key: suffix)
        }
        rounded[key] = name
        return name
    }

    /// Whether a node takes its first input rounded.
    private func readsRounded(_ index: Int) -> Bool {
        let node = graph.node[index]
        if node.opType == "Conv" { return quantisedNodes.contains(index) }
        return isPoolOfRounded(node)
    }

    /// Whether a node is a pooling of a tensor that a quantised convolution reads as well.
    private func isPoolOfRounded(_ node: ONNXNodeProto) -> Bool {
        ["MaxPool", "AveragePool"].contains(node.opType) && scales[node.input[0]] != nil
    }

    private mutating func write(_ scale: AffineScale, on tensor: String, key: String) -> String {
        let base = tensor + key
        let (factor, zero) = (base + "/scale", base + "/zero")
        newConstants.append(ONNXTensorProto(name: factor, dims: [], floats: [scale.scale]))
        newConstants.append(
            ONNXTensorProto(name: zero, dims: [], type: .uint8, rawData: Data([scale.zeroPoint])))
        let (bytes, output) = (base + "/uint8", base + "/dequantised")
        nodes.append(
            ONNXNodeProto("QuantizeLinear", name: bytes, inputs: [tensor, factor, zero], outputs: [bytes]))
        nodes.append(
            ONNXNodeProto("DequantizeLinear", name: output, inputs: [bytes, factor, zero], outputs: [output]))
        return output
    }
}

extension ONNXTensorProto {
    /// The values of a tensor of 32-bit floats; nil for any other, and for one whose size does not fit its shape.
    var floatArray: NDArray? {
        guard dataType == Int32(DataType.float.rawValue) else { return nil }
        let shape = dims.map { Int($0) }
        let values =
            floatData.isEmpty ? rawData.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) } : floatData
        guard shape.allSatisfy({ $0 > 0 }), values.count == shape.reduce(1, *) else { return nil }
        return NDArray(shape: shape, values: values)
    }
}
