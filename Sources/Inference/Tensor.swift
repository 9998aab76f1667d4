public import LightboxCore

/// What one number of a model's input or output is.
public enum ElementType: String, Sendable, Codable {
    case float32, uint8, int32, int64
    case float16, float64, bool
    /// Text, bfloat16, 4-bit numbers and the like: such a port cannot be used.
    case other
}

/// A dense array in one of the element types that models take and give; last index fastest.
public struct Tensor: Sendable, Equatable {
    public enum Elements: Sendable, Equatable {
        case float32([Float])
        case uint8([UInt8])
        case int32([Int32])
        case int64([Int64])

        public var count: Int {
            switch self {
            case .float32(let values): values.count
            case .uint8(let values): values.count
            case .int32(let values): values.count
            case .int64(let values): values.count
            }
        }
    }

    public let shape: [Int]
    public let elements: Elements

    /// - Precondition: `elements.count` is the product of `shape`.
    public init(shape: [Int], elements: Elements) {
        precondition(shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == elements.count)
        self.shape = shape
        self.elements = elements
    }

    public init(_ array: NDArray) { self.init(shape: array.shape, elements: .float32(array.values)) }

    public var elementType: ElementType {
        switch elements {
        case .float32: .float32
        case .uint8: .uint8
        case .int32: .int32
        case .int64: .int64
        }
    }

    /// The same numbers as 32-bit floats (exact up to 2²⁴).
    public var array: NDArray {
        switch elements {
        case .float32(let values): NDArray(shape: shape, values: values)
        case .uint8(let values): NDArray(shape: shape, values: values.map(Float.init))
        case .int32(let values): NDArray(shape: shape, values: values.map(Float.init))
        case .int64(let values): NDArray(shape: shape, values: values.map(Float.init))
        }
    }

    /// The same numbers in another type, rounded to the nearest and held to its range; nil for a type that
    /// tensors do not hold.
    func converted(to type: ElementType) -> Tensor? {
        if type == elementType { return self }
        let values = array.values
        switch type {
        case .float32: return Tensor(shape: shape, elements: .float32(values))
        case .uint8: return Tensor(shape: shape, elements: .uint8(values.map(clamped)))
        case .int32: return Tensor(shape: shape, elements: .int32(values.map(clamped)))
        case .int64: return Tensor(shape: shape, elements: .int64(values.map(clamped)))
        case .float16, .float64, .bool, .other: return nil
        }
    }
}

private func clamped<Number: FixedWidthInteger>(_ value: Float) -> Number {
    let rounded = Double(value.rounded(.toNearestOrEven))
    if rounded.isNaN { return 0 }
    return Number(exactly: rounded) ?? (rounded < 0 ? Number.min : Number.max)
}

/// An input or an output of a model.
public struct Port: Sendable, Equatable {
    /// As the model's file calls it; empty when it has no name.
    public let name: String
    public let elementType: ElementType
    /// nil where the length is open ("any number of images"); the whole is nil when even the number of
    /// dimensions is open.
    public let shape: [Int?]?

    public init(name: String, elementType: ElementType, shape: [Int?]?) {
        self.name = name
        self.elementType = elementType
        self.shape = shape
    }

    /// Whether an array of this shape fits.
    public func accepts(_ lengths: [Int]) -> Bool {
        guard let shape else { return true }
        return shape.count == lengths.count && zip(shape, lengths).allSatisfy { $0 == nil || $0 == $1 }
    }
}
