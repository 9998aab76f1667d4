/// Appends protobuf fields to bytes. Sizes of nested messages are computed before they are written, so
/// that each byte is written once.
package struct ProtobufWriter {
    package private(set) var bytes: [UInt8] = []

    package init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// Bytes that `value` takes as a varint.
    package static func size(ofVarint value: UInt64) -> Int { (70 - (value | 1).leadingZeroBitCount) / 7 }

    /// Bytes that a field of `length` bytes takes with its key (field numbers up to 15) and length.
    package static func size(ofField length: Int) -> Int { 1 + size(ofVarint: UInt64(length)) + length }

    package mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// The key and length of a text, nested message or packed list; its `length` bytes must follow.
    package mutating func head(_ number: Int, length: Int) {
        varint(UInt64(number) << 3 | 2)
        varint(UInt64(length))
    }

    package mutating func field(_ number: Int, varint value: UInt64) {
        varint(UInt64(number) << 3)
        varint(value)
    }

    package mutating func field(_ number: Int, double value: Double) {
        varint(UInt64(number) << 3 | 1)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func field(_ number: Int, float value: Float) {
        varint(UInt64(number) << 3 | 5)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func field(_ number: Int, text: String) {
        var text = text
        text.withUTF8 { field(number, bytes: UnsafeRawBufferPointer($0)) }
    }

    package mutating func field(_ number: Int, bytes content: UnsafeRawBufferPointer) {
        head(number, length: content.count)
        raw(content)
    }

    package mutating func raw(_ content: UnsafeRawBufferPointer) { bytes.append(contentsOf: content) }

    /// Floats one after another, as a packed list holds them.
    package mutating func raw(_ values: [Float]) {
        #if _endian(big)
            for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { raw($0) } }
        #else
            values.withUnsafeBytes { raw($0) }
        #endif
    }
}
