import Foundation
import LightboxCore
import Networks
import WireFormats

/// Writes the ONNX form of one of this package's graphs as OpenVINO's intermediate representation, version 11.
///
/// Starting from ONNX means that norms are merged and paddings are settled in one place for both formats. The model
/// is one that this package has just lowered, never one out of a file; an operator that is not known is refused by
/// its name.
struct IRLowering {
    private(set) var document = IRDocument()
    private let graph: ONNXGraphProto
    private let path: String
    private let constants: [String: ONNXTensorProto]
    private var values: [String: IRDocument.Value] = [:]

    /// - Parameter path: named in errors.
    init(_ model: ONNXModel, path: String) throws {
        graph = model.proto.graph
        self.path = path
        constants = Dictionary(graph.initializer.map { ($0.name, $0) }) { first, _ in first }
        for input in graph.input where constants[input.name] == nil { parameter(input) }
        for node in graph.node { try lower(node) }
        for output in graph.output {
            guard let value = values[output.name] else { throw damaged("an output has no source") }
            _ = document.add("Result", name: "\(output.name)/result", inputs: [value], output: nil)
        }
    }

    private mutating func parameter(_ input: ONNXValueInfoProto) {
        let shape = input.type.tensorType.shape.dim.map { $0.dimParam.isEmpty ? Int($0.dimValue) : -1 }
        let text = shape.map { $0 < 0 ? "?" : String($0) }.joined(separator: ",")
        values[input.name] = document.add(
            "Parameter", name: input.name, attributes: [("shape", text), ("element_type", "f32")], output: shape,
            tensor: input.name)
    }

    private mutating func lower(_ node: ONNXNodeProto) throws {
        guard node.output.count == 1, let first = node.input.first else { throw unknown(node) }
        let input = try value(first)
        switch node.opType {
        case "Conv": try convolution(node, input)
        case "Gemm": try dense(node, input)
        case "BatchNormalization": try norm(node, input)
        case "MaxPool", "AveragePool": try pool(node, input)
        case "GlobalAveragePool": globalPool("ReduceMean", node, input)
        case "GlobalMaxPool": globalPool("ReduceMax", node, input)
        case "Relu": put("ReLU", node, [input])
        case "Sigmoid": put("Sigmoid", node, [input])
        case "Tanh": put("Tanh", node, [input])
        case "Clip":
            let ends = try [1, 2].map { String(try floats(node, $0)[0]) }
            put("Clamp", node, [input], attributes: [("min", ends[0]), ("max", ends[1])])
        case "Softmax":
            put("SoftMax", version: 8, node, [input], attributes: [("axis", String(node.integer("axis") ?? -1))])
        case "Add":
            put("Add", node, [input, try value(node.input[1])], attributes: [("auto_broadcast", "numpy")])
        case "Concat":
            let inputs = try node.input.map { try value($0) }
            let axis = node.integer("axis") ?? 0
            var shape = input.shape
            shape[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
            put("Concat", node, inputs, attributes: [("axis", String(axis))], shape: shape)
        case "Transpose": transpose(node, input)
        case "Flatten": reshape(node, input, to: [0, -1])
        case "Reshape": reshape(node, input, to: try integers(node, 1))
        case "Pad": try pad(node, input)
        default: throw unknown(node)
        }
    }

    // MARK: Operators with weights

    private mutating func convolution(_ node: ONNXNodeProto, _ input: IRDocument.Value) throws {
        let kernel = try tensor(node, 1)
        var shape = kernel.dims.map { Int($0) }
        let groups = node.integer("group") ?? 1
        let window = try Frame(node, unknown(node))
        var attributes = window.attributes
        attributes.insert(("dilations", "1, 1"), at: 1)
        let area = window.output(of: input.shape)
        let output = [input.shape[0], shape[0]] + area
        if groups > 1 { shape = [groups, shape[0] / groups] + shape.dropFirst() }
        let weights = document.constant(kernel.name, kernel.floats, shape: shape)
        let hasBias = node.input.count > 2
        let result = document.add(
            groups > 1 ? "GroupConvolution" : "Convolution", name: hasBias ? "\(node.name)/product" : node.name,
            attributes: attributes, inputs: [input, weights], output: output,
            tensor: hasBias ? nil : node.output[0])
        values[node.output[0]] = result
        if hasBias { try addBias(node, result, shape: [1, output[1], 1, 1]) }
    }

    private mutating func dense(_ node: ONNXNodeProto, _ input: IRDocument.Value) throws {
        let kernel = try tensor(node, 1)
        let shape = kernel.dims.map { Int($0) }
        let weights = document.constant(kernel.name, kernel.floats, shape: shape)
        let hasBias = node.input.count > 2
        let result = document.add(
            "MatMul", name: hasBias ? "\(node.name)/product" : node.name,
            attributes: [("transpose_a", "false"), ("transpose_b", "false")], inputs: [input, weights],
            output: [input.shape[0], shape[1]], tensor: hasBias ? nil : node.output[0])
        values[node.output[0]] = result
        if hasBias { try addBias(node, result, shape: [1, shape[1]]) }
    }

    private mutating func addBias(_ node: ONNXNodeProto, _ value: IRDocument.Value, shape: [Int]) throws {
        let bias = document.constant(node.input[2], try floats(node, 2), shape: shape)
        put("Add", node, [value, bias], attributes: [("auto_broadcast", "numpy")])
    }

    /// As one multiplication and one addition per channel.
    private mutating func norm(_ node: ONNXNodeProto, _ input: IRDocument.Value) throws {
        let (gamma, beta) = (try floats(node, 1), try floats(node, 2))
        let (mean, variance) = (try floats(node, 3), try floats(node, 4))
        let epsilon = Double(node.attribute.first { $0.name == "epsilon" }?.f ?? 1e-5)
        let scale = gamma.indices.map { Double(gamma[$0]) / (Double(variance[$0]) + epsilon).squareRoot() }
        let offset = beta.indices.map { Float(Double(beta[$0]) - Double(mean[$0]) * scale[$0]) }
        let shape = [1, gamma.count] + Array(repeating: 1, count: input.shape.count - 2)
        let factor = document.constant("\(node.name)/scale", scale.map { Float($0) }, shape: shape)
        let product = document.add(
            "Multiply", name: "\(node.name)/scaled", attributes: [("auto_broadcast", "numpy")],
            inputs: [input, factor], output: input.shape)
        let summand = document.constant("\(node.name)/offset", offset, shape: shape)
        put("Add", node, [product, summand], attributes: [("auto_broadcast", "numpy")])
    }

    // MARK: Operators without

    private mutating func pool(_ node: ONNXNodeProto, _ input: IRDocument.Value) throws {
        let window = try Frame(node, unknown(node))
        var attributes = window.attributes
        attributes.insert(("kernel", list(window.size)), at: 0)
        attributes.append(("rounding_type", "floor"))
        let isMaximum = node.opType == "MaxPool"
        if !isMaximum { attributes.append(("exclude-pad", "true")) }
        put(
            isMaximum ? "MaxPool" : "AvgPool", node, [input], attributes: attributes,
            shape: Array(input.shape.prefix(2)) + window.output(of: input.shape))
    }

    private mutating func globalPool(_ type: String, _ node: ONNXNodeProto, _ input: IRDocument.Value) {
        let axes = document.constant("\(node.name)/axes", [2, 3])
        put(
            type, node, [input, axes], attributes: [("keep_dims", "true")],
            shape: Array(input.shape.prefix(2)) + [1, 1])
    }

    private mutating func transpose(_ node: ONNXNodeProto, _ input: IRDocument.Value) {
        let order = node.attribute.first { $0.name == "perm" }?.ints.map { Int($0) } ?? []
        let axes = document.constant("\(node.name)/order", order)
        put("Transpose", node, [input, axes], shape: order.map { input.shape[$0] })
    }

    /// 0 keeps a length, -1 takes what is left.
    private mutating func reshape(_ node: ONNXNodeProto, _ input: IRDocument.Value, to wanted: [Int]) {
        let rest = input.shape.dropFirst().reduce(1, *)
        let shape = wanted.indices.map { index in
            wanted[index] == 0 ? input.shape[index] : wanted[index] < 0 ? rest : wanted[index]
        }
        let target = document.constant("\(node.name)/target", wanted)
        put("Reshape", node, [input, target], attributes: [("special_zero", "true")], shape: shape)
    }

    private mutating func pad(_ node: ONNXNodeProto, _ input: IRDocument.Value) throws {
        let sizes = try integers(node, 1)
        let rank = sizes.count / 2
        let (begin, end) = (Array(sizes.prefix(rank)), Array(sizes.suffix(rank)))
        let inputs = [
            input, document.constant("\(node.name)/begin", begin), document.constant("\(node.name)/end", end),
            document.constant("\(node.name)/value", [0 as Float], shape: []),
        ]
        let shape = input.shape.indices.map {
            input.shape[$0] < 0 ? input.shape[$0] : input.shape[$0] + begin[$0] + end[$0]
        }
        put("Pad", node, inputs, attributes: [("pad_mode", "constant")], shape: shape)
    }

    // MARK: Writing

    /// A layer in the place of a node; of the input's shape unless told.
    private mutating func put(
        _ type: String, version: Int = 1, _ node: ONNXNodeProto, _ inputs: [IRDocument.Value],
        attributes: [(String, String)] = [], shape: [Int]? = nil
    ) {
        values[node.output[0]] = document.add(
            type, version: version, name: node.name, attributes: attributes, inputs: inputs,
            output: shape ?? inputs[0].shape, tensor: node.output[0])
    }

    private func value(_ name: String) throws -> IRDocument.Value {
        guard let value = values[name] else { throw damaged("a node reads what is computed after it") }
        return value
    }

    private func tensor(_ node: ONNXNodeProto, _ index: Int) throws -> ONNXTensorProto {
        guard index < node.input.count, let tensor = constants[node.input[index]] else { throw unknown(node) }
        return tensor
    }

    private func floats(_ node: ONNXNodeProto, _ index: Int) throws -> [Float] {
        let values = try tensor(node, index).floats
        guard !values.isEmpty else { throw unknown(node) }
        return values
    }

    private func integers(_ node: ONNXNodeProto, _ index: Int) throws -> [Int] { try tensor(node, index).integers }

    private func unknown(_ node: ONNXNodeProto) -> RegistryError {
        RegistryError(
            .unsupported, path, "the operator \(node.opType) is not written as OpenVINO IR in this form",
            remedy: "OpenVINO reads the ONNX file itself: export with --format onnx.")
    }

    private func damaged(_ problem: String) -> RegistryError {
        RegistryError(.inconsistent, path, problem, remedy: "Export the model to ONNX again.")
    }
}

/// A sliding window as both formats describe it.
private struct Frame {
    let size: [Int]
    let strides: [Int]
    /// Top, left, bottom, right.
    let edges: [Int]

    init(_ node: ONNXNodeProto, _ failure: RegistryError) throws {
        func sizes(_ name: String) -> [Int] {
            node.attribute.first { $0.name == name }?.ints.map { Int($0) } ?? []
        }
        (size, strides, edges) = (sizes("kernel_shape"), sizes("strides"), sizes("pads"))
        guard size.count == 2, strides.count == 2, edges.count == 4 else { throw failure }
    }

    var attributes: [(String, String)] {
        [
            ("strides", list(strides)), ("pads_begin", list(Array(edges.prefix(2)))),
            ("pads_end", list(Array(edges.suffix(2)))), ("auto_pad", "explicit"),
        ]
    }

    /// Rows and columns of what comes out.
    func output(of shape: [Int]) -> [Int] {
        (0..<2).map { (shape[2 + $0] + edges[$0] + edges[2 + $0] - size[$0]) / strides[$0] + 1 }
    }
}

extension ONNXNodeProto {
    fileprivate func integer(_ name: String) -> Int? { attribute.first { $0.name == name }.map { Int($0.i) } }
}

extension ONNXTensorProto {
    fileprivate var floats: [Float] {
        rawData.withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
        }
    }

    fileprivate var integers: [Int] {
        rawData.withUnsafeBytes { bytes in
            (0..<bytes.count / 8).map { Int(bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self)) }
        }
    }
}
