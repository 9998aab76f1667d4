public import LightboxCore

/// A file of named arrays (github.com/huggingface/safetensors): weights and optimizer state.
///
/// The file is mapped and its arrays are slices of the mapping, so opening costs the same for any size.
/// Offsets, shapes and names are checked whole before an array is given out.
/// ```swift
/// let file = try Safetensors(path: "weights.safetensors")
/// let kernel = try file["conv1/kernel"]?.array()
/// ```
public struct Safetensors: Sendable {
    /// In the order of the bytes in the file.
    public let tensors: [SafetensorsTensor]
    /// The file's own notes.
    public let metadata: [String: String]
    private let places: [String: Int]

    /// - Throws: ``RecordError`` that names the file, ``FileFailure`` when it cannot be opened.
    public init(path: String) throws {
        do {
            try self.init(Bytes(MappedFile(path: path)))
        } catch let error as RecordError {
            throw error.located(in: path)
        }
    }

    public init(_ bytes: Bytes) throws {
        let header = try SafetensorsHeader(bytes)
        tensors = header.entries.map { entry in
            SafetensorsTensor(
                name: entry.name, type: entry.type, shape: entry.shape,
                bytes: bytes[
                    (header.dataOffset + entry.range.lowerBound)..<(header.dataOffset + entry.range.upperBound)])
        }
        metadata = header.metadata
        places = Dictionary(uniqueKeysWithValues: tensors.indices.map { (header.entries[$0].name, $0) })
    }

    public subscript(_ name: String) -> SafetensorsTensor? { places[name].map { tensors[$0] } }

    /// Every float array by its name, as Float32.
    public func arrays() throws -> [String: NDArray] {
        var arrays: [String: NDArray] = [:]
        for tensor in tensors where tensor.type.isFloat { arrays[tensor.name] = try tensor.array() }
        return arrays
    }
}

/// One named array of a file: row-major, little-endian.
public struct SafetensorsTensor: Sendable, Equatable {
    public let name: String
    public let type: ElementType
    public let shape: [Int]
    /// As in the file.
    public let bytes: Bytes

    /// The element types that networks use; a file with another one is refused by its name.
    public enum ElementType: String, Sendable, CaseIterable {
        case u8 = "U8"
        case i32 = "I32"
        case i64 = "I64"
        case f16 = "F16"
        case bf16 = "BF16"
        case f32 = "F32"
        case f64 = "F64"
        case bool = "BOOL"

        /// In bytes.
        public var size: Int {
            switch self {
            case .u8, .bool: 1
            case .f16, .bf16: 2
            case .i32, .f32: 4
            case .i64, .f64: 8
            }
        }

        public var isFloat: Bool { [.f16, .bf16, .f32, .f64].contains(self) }
    }

    /// - Precondition: `bytes.count` is the product of `shape` and the type's size.
    public init(name: String, type: ElementType, shape: [Int], bytes: Bytes) {
        precondition(shape.allSatisfy { $0 >= 0 } && shape.reduce(type.size, *) == bytes.count)
        self.name = name
        self.type = type
        self.shape = shape
        self.bytes = bytes
    }

    public var count: Int { bytes.count / type.size }
}
