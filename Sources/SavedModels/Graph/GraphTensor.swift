public import LightboxCore

/// A dense array of one of the types that the part before a network computes with; last index fastest.
public struct GraphTensor: Sendable, Equatable {
    public enum Elements: Sendable, Equatable {
        case float32([Float])
        case float64([Double])
        case int32([Int32])
        case int64([Int64])
        case uint8([UInt8])
        case uint16([UInt16])
        case bool([Bool])
        case strings([Bytes])

        public var count: Int {
            switch self {
            case .float32(let values): values.count
            case .float64(let values): values.count
            case .int32(let values): values.count
            case .int64(let values): values.count
            case .uint8(let values): values.count
            case .uint16(let values): values.count
            case .bool(let values): values.count
            case .strings(let values): values.count
            }
        }
    }

    public var shape: [Int]
    public var elements: Elements

    /// - Precondition: the number of elements is the product of `shape`.
    public init(shape: [Int], _ elements: Elements) {
        self.shape = shape
        self.elements = elements
        precondition(shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == count)
    }

    public var count: Int { elements.count }

    public var type: DataType {
        switch elements {
        case .float32: .float
        case .float64: .double
        case .int32: .int32
        case .int64: .int64
        case .uint8: .uint8
        case .uint16: .uint16
        case .bool: .bool
        case .strings: .string
        }
    }

    static func scalar(_ value: Int32) -> GraphTensor { GraphTensor(shape: [], .int32([value])) }
    static func scalar(_ value: Bool) -> GraphTensor { GraphTensor(shape: [], .bool([value])) }
    static func ints(_ values: [Int]) -> GraphTensor {
        GraphTensor(shape: [values.count], .int32(values.map { Int32(clamping: $0) }))
    }

    /// The same numbers under another shape of the same count.
    func reshaped(_ shape: [Int]) -> GraphTensor { GraphTensor(shape: shape, elements) }
}

extension GraphTensor.Elements {
    /// As many zeros, falses or empty texts of a type; nil for a type that is not computed with.
    static func zeros(_ type: DataType, _ count: Int) -> GraphTensor.Elements? {
        switch type {
        case .float: .float32(Array(repeating: 0, count: count))
        case .double: .float64(Array(repeating: 0, count: count))
        case .int32: .int32(Array(repeating: 0, count: count))
        case .int64: .int64(Array(repeating: 0, count: count))
        case .uint8: .uint8(Array(repeating: 0, count: count))
        case .uint16: .uint16(Array(repeating: 0, count: count))
        case .bool: .bool(Array(repeating: false, count: count))
        case .string: .strings(Array(repeating: .empty, count: count))
        default: nil
        }
    }

    /// The elements at these places, in this order.
    func gathered(_ places: some Collection<Int>) -> GraphTensor.Elements {
        switch self {
        case .float32(let values): .float32(places.map { values[$0] })
        case .float64(let values): .float64(places.map { values[$0] })
        case .int32(let values): .int32(places.map { values[$0] })
        case .int64(let values): .int64(places.map { values[$0] })
        case .uint8(let values): .uint8(places.map { values[$0] })
        case .uint16(let values): .uint16(places.map { values[$0] })
        case .bool(let values): .bool(places.map { values[$0] })
        case .strings(let values): .strings(places.map { values[$0] })
        }
    }

    /// A run of elements; quicker than ``gathered(_:)``.
    func slice(_ range: Range<Int>) -> GraphTensor.Elements {
        switch self {
        case .float32(let values): .float32(Array(values[range]))
        case .float64(let values): .float64(Array(values[range]))
        case .int32(let values): .int32(Array(values[range]))
        case .int64(let values): .int64(Array(values[range]))
        case .uint8(let values): .uint8(Array(values[range]))
        case .uint16(let values): .uint16(Array(values[range]))
        case .bool(let values): .bool(Array(values[range]))
        case .strings(let values): .strings(Array(values[range]))
        }
    }

    /// Several parts of one type after one another; nil when their types differ or there are none.
    static func joined(_ parts: [GraphTensor.Elements]) -> GraphTensor.Elements? {
        func all<Value>(_ values: (GraphTensor.Elements) -> [Value]?) -> [Value]? {
            var joined: [Value] = []
            for part in parts {
                guard let more = values(part) else { return nil }
                joined += more
            }
            return joined
        }
        switch parts.first {
        case .float32: return all { if case .float32(let values) = $0 { values } else { nil } }.map(Self.float32)
        case .float64: return all { if case .float64(let values) = $0 { values } else { nil } }.map(Self.float64)
        case .int32: return all { if case .int32(let values) = $0 { values } else { nil } }.map(Self.int32)
        case .int64: return all { if case .int64(let values) = $0 { values } else { nil } }.map(Self.int64)
        case .uint8: return all { if case .uint8(let values) = $0 { values } else { nil } }.map(Self.uint8)
        case .uint16: return all { if case .uint16(let values) = $0 { values } else { nil } }.map(Self.uint16)
        case .bool: return all { if case .bool(let values) = $0 { values } else { nil } }.map(Self.bool)
        case .strings: return all { if case .strings(let values) = $0 { values } else { nil } }.map(Self.strings)
        case nil: return nil
        }
    }
}
