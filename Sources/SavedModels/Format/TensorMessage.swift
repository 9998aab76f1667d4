import LightboxCore
import WireFormats

extension GraphTensor {
    /// A `TensorProto`: the numbers as raw bytes, or one by one with the last repeated up to the shape's count.
    init(_ message: WireMessage, place: String, limits: SavedModelLimits) throws {
        let type = DataType(number: message.number(1))
        let shape = try Self.shape(of: message, type: type, place: place, limits: limits)
        let count = shape.reduce(1, *)
        if type == .string {
            let texts = message.contents(8).map { Bytes($0.array) }
            guard count == 0 || !texts.isEmpty || message.content(4) == nil else {
                throw SavedModelError.malformed(place, "A text constant is packed: save the model again.")
            }
            self.init(shape: shape, .strings(try Self.filled(texts, count, Bytes.empty, place)))
            return
        }
        if let content = message.content(4), !content.isEmpty {
            guard let size = type.size, content.count == size * count else {
                throw SavedModelError.malformed(
                    place, "A constant's bytes do not fit its shape: save the model again.")
            }
            self.init(shape: shape, try Self.elements(content, type, place))
            return
        }
        self.init(shape: shape, try Self.listed(message, type, count, place))
    }

    /// The shape of a `TensorProto`, with its size held against the limit before anything is read.
    static func shape(
        of message: WireMessage, type: DataType, place: String, limits: SavedModelLimits
    ) throws -> [Int] {
        guard let lengths = try PartialShape(message.message(2) ?? WireMessage(.empty)).lengths else {
            throw SavedModelError.malformed(place, "A constant has no shape: save the model again.")
        }
        let shape = lengths.map { $0 ?? -1 }
        var bytes = type.size ?? 16
        for length in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: max(length, 1))
            guard length >= 0, !overflow, product <= limits.tensorBytes else {
                throw SavedModelError(
                    .limitExceeded, place, operation: "Const",
                    remedy: "A constant's shape asks for more than \(limits.tensorBytes) bytes.")
            }
            bytes = product
        }
        return shape
    }

    private static func elements(_ content: Bytes, _ type: DataType, _ place: String) throws -> Elements {
        func all<Number: BitwiseCopyable>(_: Number.Type) -> [Number] {
            content.withUnsafeBytes { buffer in
                (0..<(buffer.count / MemoryLayout<Number>.size)).map {
                    buffer.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Number>.size, as: Number.self)
                }
            }
        }
        switch type {
        case .float: return .float32(all(Float.self))
        case .double: return .float64(all(Double.self))
        case .int32: return .int32(all(Int32.self))
        case .int64: return .int64(all(Int64.self))
        case .uint8: return .uint8(all(UInt8.self))
        case .uint16: return .uint16(all(UInt16.self))
        case .bool: return .bool(all(UInt8.self).map { $0 != 0 })
        default: throw unreadable(type, place)
        }
    }

    private static func listed(
        _ message: WireMessage, _ type: DataType, _ count: Int, _ place: String
    ) throws -> Elements {
        func ints(_ number: Int) throws -> [Int64] { try message.numbers(number).map { Int64(bitPattern: $0) } }
        switch type {
        case .float:
            let values = try message.numbers(5, width: 4).map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
            return .float32(try filled(values, count, 0, place))
        case .double:
            return .float64(
                try filled(message.numbers(6, width: 8).map(Double.init(bitPattern:)), count, 0, place))
        case .int32: return .int32(try filled(ints(7).map { Int32(truncatingIfNeeded: $0) }, count, 0, place))
        case .uint8: return .uint8(try filled(ints(7).map { UInt8(truncatingIfNeeded: $0) }, count, 0, place))
        case .uint16: return .uint16(try filled(ints(7).map { UInt16(truncatingIfNeeded: $0) }, count, 0, place))
        case .int64: return .int64(try filled(ints(10), count, 0, place))
        case .bool: return .bool(try filled(message.numbers(11).map { $0 != 0 }, count, false, place))
        default: throw unreadable(type, place)
        }
    }

    private static func filled<Value>(_ values: [Value], _ count: Int, _ zero: Value, _ place: String) throws
        -> [Value]
    {
        guard values.count <= count else {
            throw SavedModelError.malformed(
                place, "A constant holds more values than its shape: save the model again.")
        }
        return values + Array(repeating: values.last ?? zero, count: count - values.count)
    }

    private static func unreadable(_ type: DataType, _ place: String) -> SavedModelError {
        SavedModelError(
            .unsupportedOperation, place, operation: "Const",
            remedy: "Constants of \(type.name) are not read before the network: export it with float32.")
    }
}
