import Inference
public import LightboxCore

/// What one element of a served array is: the numbers that models compute with, truth values, and bytes.
public enum ServedType: String, Sendable, Codable, CaseIterable {
    case float32, float64, int32, int64, uint8, bool
    /// Bytes of any length: text in UTF-8, or an image file.
    case string
}

extension ServedType {
    /// As TensorFlow's metadata calls it: `DT_FLOAT`.
    public var tensorFlowName: String {
        switch self {
        case .float32: "DT_FLOAT"
        case .float64: "DT_DOUBLE"
        case .int32: "DT_INT32"
        case .int64: "DT_INT64"
        case .uint8: "DT_UINT8"
        case .bool: "DT_BOOL"
        case .string: "DT_STRING"
        }
    }

    /// As the Open Inference Protocol calls it: `FP32`.
    public var inferenceProtocolName: String {
        switch self {
        case .float32: "FP32"
        case .float64: "FP64"
        case .int32: "INT32"
        case .int64: "INT64"
        case .uint8: "UINT8"
        case .bool: "BOOL"
        case .string: "BYTES"
        }
    }

    /// nil for a name that is none of the Open Inference Protocol's, or of a type that is not served.
    public init?(inferenceProtocolName name: String) {
        guard let type = Self.allCases.first(where: { $0.inferenceProtocolName == name }) else { return nil }
        self = type
    }

    /// What a port of a compiled model takes or gives; nil for types that are not served.
    init?(_ type: ElementType, isOutput: Bool) {
        switch type {
        case .float32: self = .float32
        case .int32: self = .int32
        case .int64: self = .int64
        case .uint8: self = .uint8
        // Outputs of these types are converted as they are copied.
        case .float64 where isOutput: self = .float32
        case .bool where isOutput: self = .bool
        case .float64, .bool, .float16, .other: return nil
        }
    }
}

/// A dense array that goes into a served model or comes out of it; last index fastest, first index the instance.
public struct ServedTensor: Sendable, Equatable {
    public enum Elements: Sendable, Equatable {
        case float32([Float])
        case float64([Double])
        case int32([Int32])
        case int64([Int64])
        case uint8([UInt8])
        case bool([Bool])
        case strings([Bytes])
    }

    public let shape: [Int]
    public let elements: Elements

    /// - Precondition: `elements.count` is the product of `shape`.
    public init(shape: [Int], elements: Elements) {
        precondition(shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == elements.count)
        self.shape = shape
        self.elements = elements
    }

    /// Texts, one for each instance.
    public init(_ texts: [String]) {
        self.init(shape: [texts.count], elements: .strings(texts.map { Bytes($0.utf8) }))
    }

    public init(_ array: NDArray) { self.init(shape: array.shape, elements: .float32(array.values)) }

    public var type: ServedType { elements.type }

    /// Instances in it; nil for a single value.
    public var rows: Int? { shape.first }
}

extension ServedTensor.Elements {
    public var count: Int {
        switch self {
        case .float32(let values): values.count
        case .float64(let values): values.count
        case .int32(let values): values.count
        case .int64(let values): values.count
        case .uint8(let values): values.count
        case .bool(let values): values.count
        case .strings(let values): values.count
        }
    }

    public var type: ServedType {
        switch self {
        case .float32: .float32
        case .float64: .float64
        case .int32: .int32
        case .int64: .int64
        case .uint8: .uint8
        case .bool: .bool
        case .strings: .string
        }
    }
}

extension ServedTensor {
    /// What a compiled model gave.
    init(_ tensor: Tensor, type: ServedType) {
        switch tensor.elements {
        case .float32(let values): self.init(shape: tensor.shape, elements: .float32(values))
        case .int32(let values): self.init(shape: tensor.shape, elements: .int32(values))
        case .int64(let values): self.init(shape: tensor.shape, elements: .int64(values))
        case .uint8(let values) where type == .bool:
            self.init(shape: tensor.shape, elements: .bool(values.map { $0 != 0 }))
        case .uint8(let values): self.init(shape: tensor.shape, elements: .uint8(values))
        }
    }

    /// What a compiled model takes; nil for truth values and bytes.
    var tensor: Tensor? {
        switch elements {
        case .float32(let values): Tensor(shape: shape, elements: .float32(values))
        case .float64(let values): Tensor(shape: shape, elements: .float32(values.map { Float($0) }))
        case .int32(let values): Tensor(shape: shape, elements: .int32(values))
        case .int64(let values): Tensor(shape: shape, elements: .int64(values))
        case .uint8(let values): Tensor(shape: shape, elements: .uint8(values))
        case .bool, .strings: nil
        }
    }

    /// The bytes of each element; nil for numbers.
    package var strings: [Bytes]? {
        if case .strings(let values) = elements { values } else { nil }
    }
}
