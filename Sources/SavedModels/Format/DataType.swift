/// What one element of a tensor is, numbered as `DataType` in TensorFlow's types.proto.
public enum DataType: Int, Sendable, Codable, CaseIterable {
    case invalid = 0
    case float = 1
    case double = 2
    case int32 = 3
    case uint8 = 4
    case int16 = 5
    case int8 = 6
    case string = 7
    case complex64 = 8
    case int64 = 9
    case bool = 10
    case bfloat16 = 14
    case uint16 = 17
    case half = 19
    case resource = 20
    case variant = 21
    case uint32 = 22
    case uint64 = 23
    /// One that is not told apart here.
    case other = 9999

    init(number: UInt64?) { self = Self(rawValue: Int(truncatingIfNeeded: number ?? 0) % 100) ?? .other }

    /// `DT_FLOAT`
    public var name: String { "DT_" + "\(self)".uppercased() }

    /// Bytes of an element; nil for those of no fixed size.
    var size: Int? {
        switch self {
        case .bool, .uint8, .int8: 1
        case .int16, .uint16, .half, .bfloat16: 2
        case .float, .int32, .uint32: 4
        case .double, .int64, .uint64, .complex64: 8
        default: nil
        }
    }
}

/// A shape as a graph declares it.
public struct PartialShape: Sendable, Equatable, Codable {
    /// nil where a length is open; the whole is nil when even the number of dimensions is.
    public let lengths: [Int?]?

    public init(_ lengths: [Int?]?) { self.lengths = lengths }

    // TensorShapeProto { repeated Dim dim = 2 { int64 size = 1 }; bool unknown_rank = 3; }
    init(_ message: WireMessage?) throws {
        guard let message, message.number(3) != 1 else {
            lengths = nil
            return
        }
        lengths = try message.messages(2).map { dimension in
            let size = Int(truncatingIfNeeded: dimension.number(1) ?? 0)
            return size < 0 ? nil : size
        }
    }

    /// `(-1, 224, 224, 3)`, `unknown_rank`
    public var text: String {
        guard let lengths else { return "unknown_rank" }
        return "(" + lengths.map { String($0 ?? -1) }.joined(separator: ", ") + ")"
    }
}
