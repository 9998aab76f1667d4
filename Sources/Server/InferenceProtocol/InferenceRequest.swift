import Foundation
import LightboxCore
import Serving
import WireFormats

/// A request for inference of the Open Inference Protocol v2, with its binary extension.
struct InferenceRequest {
    /// An output that the caller wants.
    struct Wanted {
        let name: String
        var isBinary: Bool?
    }

    private(set) var id = ""
    /// From the parameter `signature`.
    private(set) var signature: String?
    private(set) var inputs: [String: ServedTensor] = [:]
    /// Empty for all.
    private(set) var outputs: [Wanted] = []
    private(set) var extras: Extras = []
    /// What holds where an output says nothing of its own.
    private(set) var isBinary = false

    /// - Parameter headerLength: bytes of JSON before the binary data; nil when all is JSON.
    init(_ body: Bytes, headerLength: Int?, limits: RequestLimits) throws {
        let length = headerLength ?? body.count
        guard (0...body.count).contains(length) else {
            throw ServerError(
                .invalidArgument,
                "Inference-Header-Content-Length is larger than the body. Send the JSON's length.")
        }
        var binary = body[length..<body.count]
        do {
            try body[0..<length].withUnsafeBytes { bytes in
                var parser = JSONParser(bytes, maximumDepth: limits.maximumDepth)
                try read(&parser, &binary, limits)
                try parser.finish()
            }
        } catch let error as RecordError {
            let place = error.offset.map { "at byte \($0)" } ?? "somewhere"
            throw ServerError(.invalidArgument, "The request is wrong \(place). \(error.remedy)")
        }
        guard binary.isEmpty else {
            throw ServerError(
                .invalidArgument, "\(binary.count) bytes stand behind the inputs' data. Send what they name.")
        }
        guard !inputs.isEmpty else {
            throw ServerError(.invalidArgument, "There are no inputs. Send {\"inputs\": [{…}]}.")
        }
    }

    private mutating func read(_ parser: inout JSONParser, _ binary: inout Bytes, _ limits: RequestLimits) throws {
        guard parser.peekValue() == UInt8(ascii: "{") else {
            throw ServerError(.invalidArgument, "The request is no JSON object. Send {\"inputs\": [{…}]}.")
        }
        try parser.forEachMember { parser, name in
            switch name {
            case "id": id = try parser.value().string ?? ""
            case "parameters": try readParameters(try parser.value())
            case "inputs":
                try parser.forEachElement { parser, _ in
                    var input = InputReader()
                    let (name, tensor) = try input.read(&parser, &binary, limits)
                    guard inputs.updateValue(tensor, forKey: name) == nil else {
                        throw ServingError(
                            .unexpectedInput, field: name, "it is given twice", remedy: "Send it once.")
                    }
                }
            case "outputs":
                for output in try parser.value().elements ?? [] { try readOutput(output) }
            default:
                throw ServerError(
                    .invalidArgument, "Unknown member '\(name.prefix(64))'. Send id, parameters, inputs, outputs.")
            }
        }
    }

    private mutating func readParameters(_ parameters: JSONValue) throws {
        signature = parameters["signature"]?.string ?? parameters["signature_name"]?.string
        isBinary = parameters["binary_data_output"]?.bool ?? false
        if let names = parameters["extras"] {
            // Parameters are single values: `heatmap,labels`.
            let texts =
                names.string?.split(separator: ",").map(String.init) ?? names.elements?.compactMap(\.string)
            extras = try Extras(names: texts ?? [])
        }
    }

    private mutating func readOutput(_ output: JSONValue) throws {
        guard let name = output["name"]?.string else {
            throw ServerError(.invalidArgument, "An output has no name. Send {\"name\": …}.")
        }
        let parameters = output["parameters"]
        guard (parameters?["classification"]?.integer ?? 0) == 0 else {
            throw ServerError(.notOffered, "The classification extension is not offered. Ask for the scores.")
        }
        outputs.append(Wanted(name: name, isBinary: parameters?["binary_data"]?.bool))
    }

    /// Whether an output is wanted as bytes; nil when it is not wanted.
    func form(of output: String) -> Bool? {
        if outputs.isEmpty { return isBinary }
        return outputs.last { $0.name == output }.map { $0.isBinary ?? isBinary }
    }
}

/// One input: its numbers are read when their type is known, whatever stands first.
private struct InputReader {
    private var name = ""
    private var shape: [Int]?
    private var type: ServedType?
    private var data: Range<Int>?
    private var binarySize: Int?

    init() {}

    mutating func read(
        _ parser: inout JSONParser, _ binary: inout Bytes, _ limits: RequestLimits
    ) throws -> (String, ServedTensor) {
        try parser.forEachMember { parser, member in
            switch member {
            case "name": name = try parser.value().string ?? ""
            case "shape":
                let lengths = try parser.value().elements ?? []
                shape = try lengths.map { length in
                    guard let whole = length.double.flatMap({ Int(exactly: $0) }), whole >= 0 else {
                        throw ServingError(
                            .wrongShape, field: name, "its shape is no list of lengths", remedy: "Send [1, 3].")
                    }
                    return whole
                }
            case "datatype":
                let text = try parser.value().string ?? ""
                type = ServedType(inferenceProtocolName: text)
                guard type != nil else {
                    let known = ServedType.allCases.map(\.inferenceProtocolName).joined(separator: ", ")
                    throw ServingError(
                        .wrongType, field: name, "its datatype is not served", remedy: "Send one of \(known).")
                }
            case "parameters":
                let parameters = try parser.value()
                binarySize = parameters["binary_data_size"]?.integer.map { Int($0) }
            case "data": data = try parser.skipValue()
            default: _ = try parser.skipValue()
            }
        }
        guard !name.isEmpty, let shape, let type else {
            throw ServerError(.invalidArgument, "An input needs name, shape and datatype. Send all three.")
        }
        if let binarySize {
            guard data == nil, (0...binary.count).contains(binarySize) else {
                throw ServingError(
                    .wrongShape, field: name, "its binary_data_size is not what follows",
                    remedy: "Send so many bytes behind the JSON, and no data.")
            }
            let bytes = binary[0..<binarySize]
            binary = binary[binarySize..<binary.count]
            return (name, try ServedTensor(type: type, shape: shape, binary: bytes, name: name))
        }
        guard let data else {
            throw ServingError(
                .missingInput, field: name, "it has no data", remedy: "Send data, or binary_data_size.")
        }
        var part = parser.parser(of: data)
        let elements = try elements(&part, type, limits)
        guard elements.count == (try ServedTensor.count(shape, name)) else {
            throw ServingError(
                .wrongShape, field: name, "it has \(elements.count) elements, its shape says otherwise",
                remedy: "Send as many as the shape has.")
        }
        return (name, ServedTensor(shape: shape, elements: elements))
    }

    private func elements(
        _ parser: inout JSONParser, _ type: ServedType, _ limits: RequestLimits
    ) throws -> ServedTensor.Elements {
        switch type {
        case .float32:
            var values: [Float] = []
            _ = try parser.nestedNumbers(into: &values, limit: limits.maximumNumbers)
            return .float32(values)
        case .float64:
            var values: [Double] = []
            _ = try parser.nestedNumbers(into: &values, limit: limits.maximumNumbers)
            return .float64(values)
        case .int32: return .int32(try whole(&parser, limits))
        case .int64: return .int64(try whole(&parser, limits))
        case .uint8: return .uint8(try whole(&parser, limits))
        case .bool:
            return .bool(
                try leaves(parser.value()).map { value in
                    guard let flag = value.bool ?? value.double.map({ $0 != 0 }) else {
                        throw wrongType("true or false")
                    }
                    return flag
                })
        case .string:
            return .strings(
                try leaves(parser.value()).map { value in
                    guard let bytes = value.base64 ?? value.string.map({ Bytes($0.utf8) }) else {
                        throw wrongType("strings")
                    }
                    return bytes
                })
        }
    }

    private func whole<Number: FixedWidthInteger>(
        _ parser: inout JSONParser, _ limits: RequestLimits
    ) throws -> [Number] {
        var values: [Int64] = []
        _ = try parser.nestedNumbers(into: &values, limit: limits.maximumNumbers)
        return try values.map { value in
            guard let number = Number(exactly: value) else { throw wrongType("numbers of its type's range") }
            return number
        }
    }

    /// The elements of lists inside one another, in their order.
    private func leaves(_ value: JSONValue) throws -> [JSONValue] {
        guard let elements = value.elements else { return [value] }
        return try elements.flatMap(leaves)
    }

    private func wrongType(_ wanted: String) -> ServingError {
        ServingError(.wrongType, field: name, "its data are of another type", remedy: "Send \(wanted).")
    }
}
