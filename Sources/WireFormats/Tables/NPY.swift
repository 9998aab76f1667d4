import Foundation
public import LightboxCore

/// NumPy's array file: `numpy.load` reads what is written here, and float arrays of it are read.
///
/// Format: numpy/lib/format.py, version 1.0; written as little-endian Float32, last index fastest.
public enum NPY {
    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// The bytes of a file.
    public static func encode(_ array: NDArray) -> [UInt8] {
        var writer = ProtobufWriter(capacity: 256 + 4 * array.count)
        header(shape: array.shape).withUnsafeBytes { writer.raw($0) }
        writer.raw(array.values)
        return writer.bytes
    }

    /// Reads Float32 and Float64 (rounded), little-endian, row-major.
    ///
    /// - Throws: ``RecordError``, which for other arrays says how to convert them.
    public static func decode(_ bytes: Bytes) throws -> NDArray {
        let header = try NPYHeader(bytes)
        let size = header.isDouble ? 8 : 4
        let (count, overflow) = header.shape.reduce((1, false)) { product, side in
            let (value, overflow) = product.0.multipliedReportingOverflow(by: side)
            return (value, product.1 || overflow)
        }
        guard !overflow, count <= (bytes.count - header.dataOffset) / size else {
            throw RecordError(.truncated, offset: bytes.count, remedy: "The array ends early: write it again.")
        }
        let values = bytes.withUnsafeBytes { raw in
            (0..<count).map { index in
                let offset = header.dataOffset + index * size
                guard header.isDouble else {
                    let bits = UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
                    return Float(bitPattern: bits)
                }
                let bits = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                return Float(Double(bitPattern: bits))
            }
        }
        return NDArray(shape: header.shape, values: values)
    }

    /// NumPy's own text, with its room for the first side to grow to 21 digits, padded to 64 bytes.
    static func header(shape: [Int]) -> [UInt8] {
        let sides = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(sides)), }"
        if let first = shape.first { text += String(repeating: " ", count: 21 - "\(first)".count) }
        let unpadded = magic.count + 4 + text.utf8.count + 1
        text += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
        return magic + [1, 0, UInt8(text.utf8.count & 255), UInt8(text.utf8.count >> 8)] + Array(text.utf8)
    }
}

/// What stands before an array's numbers.
struct NPYHeader {
    let shape: [Int]
    let isDouble: Bool
    let dataOffset: Int

    init(_ bytes: Bytes) throws {
        guard bytes.count >= 12, bytes[0..<6] == Bytes(NPY.magic), (1...3).contains(bytes[6]) else {
            throw RecordError(.malformedNPY, offset: 0, remedy: "This is no NumPy file: write it with numpy.save.")
        }
        let isShort = bytes[6] == 1
        var length = Int(bytes[8]) | Int(bytes[9]) << 8
        if !isShort { length |= Int(bytes[10]) << 16 | Int(bytes[11]) << 24 }
        dataOffset = (isShort ? 10 : 12) + length
        guard length <= 1 << 16, dataOffset <= bytes.count else { throw Self.malformed }
        let text = String(decoding: bytes[(isShort ? 10 : 12)..<dataOffset].array, as: UTF8.self)
        guard let kind = Self.value("descr", in: text, endingAt: ","),
            let order = Self.value("fortran_order", in: text, endingAt: ","),
            let sides = Self.value("shape", in: text, endingAt: ")"), sides.hasPrefix("(")
        else { throw Self.malformed }
        guard ["'<f4'", "'<f8'"].contains(kind), order == "False" else {
            throw RecordError(
                .unsupported, offset: 0,
                remedy: "Only row-major floats are read: numpy.ascontiguousarray(a, dtype='<f4').")
        }
        isDouble = kind == "'<f8'"
        shape = try sides.dropFirst().split(separator: ",").map { side in
            let digits = side.drop { $0 == " " }
            guard digits.count <= 18, let side = Int(digits), side >= 0 else { throw Self.malformed }
            return side
        }
    }

    private static let malformed = RecordError(
        .malformedNPY, offset: 6, remedy: "The header is damaged: write the file again.")

    /// The text between `'name': ` and the next `end`.
    private static func value(_ name: String, in text: String, endingAt end: Character) -> String? {
        guard let key = text.range(of: "'\(name)':") else { return nil }
        let rest = text[key.upperBound...].drop { $0 == " " }
        guard let stop = rest.firstIndex(of: end) else { return nil }
        return String(rest[..<stop])
    }
}

/// Writes an array row by row, when the number of rows is not known before; appears whole with ``finish()``.
public final class NPYWriter {
    /// Rows appended so far.
    public private(set) var count = 0
    private let file: PendingFile
    private let rowShape: [Int]

    /// - Parameter rowShape: the shape of one row; `[2048]` gives an array of `count × 2048`.
    public init(path: String, rowShape: [Int]) throws {
        file = try PendingFile(path: path)
        self.rowShape = rowShape
        try NPY.header(shape: [0] + rowShape).withUnsafeBytes { try file.write($0) }
    }

    /// - Precondition: `row` has as many values as `rowShape`.
    public func append(_ row: [Float]) throws {
        precondition(row.count == rowShape.reduce(1, *))
        var writer = ProtobufWriter(capacity: 4 * row.count)
        writer.raw(row)
        try writer.bytes.withUnsafeBytes { try file.write($0) }
        count += 1
    }

    public func finish() throws {
        try file.overwrite(NPY.header(shape: [count] + rowShape), at: 0)
        try file.commit()
    }
}
