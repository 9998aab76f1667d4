import Foundation
import LightboxCore
import WireFormats

extension Operations {
    static let strings: [String: Compute] = [
        "ParseExample": { call in
            let attribute = { (name: String) in try call.attribute(int: name) ?? 0 }
            let (sparse, dense) = (try attribute("Nsparse"), try attribute("Ndense"))
            let keys = try (0..<dense).map { try text(call, 2 + sparse + $0) }
            return try parsed(call, keys: keys, firstDefault: 2 + sparse + dense, absent: 3 * sparse)
        },
        "ParseExampleV2": { call in
            let sparse = try call.attribute(int: "num_sparse") ?? 0
            let keys = try call.strings(3).map { try WireMessage.text($0) }
            return try parsed(
                call, keys: keys, firstDefault: 5, absent: 3 * sparse,
                behind: 2 * (try call.node.attribute("ragged_value_types")?.types().count ?? 0))
        },
        "ParseSingleExample": { call in
            let keys = try call.node.attribute("dense_keys")?.texts() ?? []
            return try parsed(
                call, keys: keys, firstDefault: 1, absent: 3 * (try call.attribute(int: "num_sparse") ?? 0))
        },
        "ReadFile": { call in
            guard call.probe == nil else { return GraphValue.one([], .strings([.empty])) }
            guard let fetch = call.fetch, let address = try call.strings(0).first else {
                throw SavedModelError(
                    .refusedOperation, call.node.name, operation: "ReadFile",
                    remedy: SavedModel.reason(against: "ReadFile")!)
            }
            return GraphValue.one([], .strings([try fetch(WireMessage.text(address))]))
        },
        "DecodeBase64": { call in
            let tensor = try call.tensor(0)
            return GraphValue.one(tensor.shape, .strings(try call.strings(0).map { try decodedBase64($0, call) }))
        },
        "StringToNumber": { call in
            let type = try call.attribute(type: "out_type")
            let values = try call.strings(0).enumerated().map { index, bytes in
                let text = (try? WireMessage.text(bytes))?.trimmingCharacters(in: .whitespaces) ?? ""
                guard let value = Double(text) ?? (call.probe == nil ? nil : 0) else {
                    throw call.badInput("The text is no number.", instance: index)
                }
                return value
            }
            let inner = call.with([.tensor(GraphTensor(shape: try call.tensor(0).shape, .float64(values)))])
            return [.tensor(try Numbers.cast(inner, 0, to: type == .invalid ? .float : type))]
        },
        "DecodeRaw": decodedRaw,
    ]

    private static func text(_ call: Call, _ index: Int) throws -> String {
        guard let bytes = try call.strings(index).first else { throw call.malformed("A feature has no name.") }
        return try WireMessage.text(bytes)
    }

    private static func decodedBase64(_ bytes: Bytes, _ call: Call) throws -> Bytes {
        if call.probe != nil { return .empty }
        // The alphabet of addresses, often without its filling.
        var text = String(decoding: bytes.array, as: UTF8.self).replacing("-", with: "+").replacing("_", with: "/")
        while text.utf8.count % 4 != 0 { text += "=" }
        guard let data = Data(base64Encoded: text) else { throw call.badInput("The text is not base64.") }
        return Bytes(data)
    }

    private static func decodedRaw(_ call: Call) throws -> [GraphValue] {
        let (tensor, type) = (try call.tensor(0), try call.attribute(type: "out_type"))
        guard let size = type.size, let zeros = GraphTensor.Elements.zeros(type, 0) else {
            throw call.unsupported()
        }
        let strings = try call.strings(0)
        let width = strings.first?.count ?? 0
        guard strings.allSatisfy({ $0.count == width }), width % size == 0 else {
            throw call.badInput("The byte strings are of different lengths, or not of whole numbers.")
        }
        let parts = try strings.map { bytes in
            var writer = ProtobufWriter(capacity: bytes.count + 32)
            writer.field(1, varint: UInt64(type.rawValue))
            var shape = ProtobufWriter()
            var dimension = ProtobufWriter()
            dimension.field(1, varint: UInt64(width / size))
            shape.field(2, message: dimension.bytes)
            writer.field(2, message: shape.bytes)
            writer.field(4, bytes: bytes)
            return try GraphTensor(
                WireMessage(Bytes(writer.bytes)), place: call.node.name, limits: call.limits
            ).elements
        }
        return GraphValue.one(tensor.shape + [width / size], GraphTensor.Elements.joined(parts) ?? zeros)
    }

    // MARK: Examples

    /// Reads serialised Examples: a vector of them, or (`ParseExampleV2`, `ParseSingleExample`) a single one.
    private static func parsed(
        _ call: Call, keys: [String], firstDefault: Int, absent: Int, behind: Int = 0
    ) throws -> [GraphValue] {
        let serialized = try call.tensor(0)
        let types = try call.node.attribute("Tdense")?.types() ?? []
        let shapes = try call.node.attribute("dense_shapes")?.shapes() ?? []
        guard types.count == keys.count, shapes.count == keys.count, (0...64).contains(absent),
            serialized.shape.count < 2
        else { throw call.malformed("Its features do not fit one another.") }
        let examples = try call.strings(0).enumerated().map { index, bytes in
            do {
                return call.probe == nil ? try Example(serialized: bytes) : Example()
            } catch {
                throw call.badInput("The bytes are not a serialized tf.Example.", instance: index)
            }
        }
        let dense = try keys.indices.map { position -> GraphValue in
            guard let lengths = shapes[position].lengths, !lengths.contains(nil) else {
                throw call.unsupported("Features of open length are not read.")
            }
            let shape = lengths.compactMap { $0 }
            try call.check([examples.count] + shape, types[position])
            let fallback = try call.tensor(firstDefault + position)
            let parts = try examples.enumerated().map { index, example in
                try feature(
                    keys[position], of: example, index, types[position], shape.reduce(1, *), fallback.elements,
                    call)
            }
            guard let zeros = GraphTensor.Elements.zeros(types[position], 0) else { throw call.unsupported() }
            return .tensor(
                GraphTensor(shape: serialized.shape + shape, GraphTensor.Elements.joined(parts) ?? zeros))
        }
        return Array(repeating: .absent, count: absent) + dense + Array(repeating: .absent, count: min(behind, 64))
    }

    private static func feature(
        _ name: String, of example: Example, _ index: Int, _ type: DataType, _ count: Int,
        _ fallback: GraphTensor.Elements, _ call: Call
    ) throws -> GraphTensor.Elements {
        guard let feature = example[name] else {
            if fallback.count == count, count > 0 { return fallback }
            if fallback.count == 1 { return fallback.gathered(repeatElement(0, count: count)) }
            if call.probe != nil, let zeros = GraphTensor.Elements.zeros(type, count) { return zeros }
            throw call.badInput("The Example has no feature \(name).", instance: index)
        }
        guard feature.count == count else {
            throw call.badInput(
                "The Example's feature \(name) has \(feature.count) values and needs \(count).", instance: index)
        }
        switch (feature, type) {
        case (.bytes(let values), .string): return .strings(values)
        case (.floats(let values), .float): return .float32(values)
        case (.ints(let values), .int64): return .int64(values)
        default: throw call.badInput("The Example's feature \(name) is of another kind.", instance: index)
        }
    }
}
