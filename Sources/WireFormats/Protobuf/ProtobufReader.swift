/// One field of a protobuf message. Encoding: protobuf.dev/programming-guides/encoding.
package struct ProtobufField {
    package enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        /// Where a text, a nested message or a packed list stands in the buffer.
        case bytes(Range<Int>)
    }

    package let number: Int
    package let value: Value

    /// The place of a length-delimited field; nil for another wire type.
    package var range: Range<Int>? {
        if case .bytes(let range) = value { range } else { nil }
    }
}

/// Walks the fields of a message in place, without a copy. Foreign bytes end in an error, never a trap.
///
/// Records are read this way rather than through generated classes: the image bytes of an `Example` stay
/// where they are, and the same few lines read TensorBoard's events.
package struct ProtobufReader {
    package let buffer: UnsafeRawBufferPointer
    package private(set) var position: Int
    private let end: Int

    package init(_ buffer: UnsafeRawBufferPointer, range: Range<Int>? = nil) {
        self.buffer = buffer
        position = range?.lowerBound ?? 0
        end = range?.upperBound ?? buffer.count
    }

    package var isAtEnd: Bool { position == end }

    /// The next field; nil at the message's end.
    package mutating func next() throws -> ProtobufField? {
        guard position < end else { return nil }
        let key = try varint()
        guard key >> 3 > 0, key >> 3 < 1 << 29 else { throw malformed() }
        return ProtobufField(number: Int(key >> 3), value: try value(wireType: key & 7))
    }

    private mutating func value(wireType: UInt64) throws -> ProtobufField.Value {
        switch wireType {
        case 0: return .varint(try varint())
        case 1: return .fixed64(try fixed(UInt64.self))
        case 5: return .fixed32(try fixed(UInt32.self))
        case 2:
            let length = try varint()
            guard length <= UInt64(end - position) else { throw malformed() }
            defer { position += Int(length) }
            return .bytes(position..<(position + Int(length)))
        default: throw malformed()  // groups, which no format here has
        }
    }

    package mutating func varint() throws -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while position < end && shift < 64 {
            let byte = buffer[position]
            position += 1
            result |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return result }
            shift += 7
        }
        throw malformed()
    }

    private mutating func fixed<Word: FixedWidthInteger>(_ type: Word.Type) throws -> Word {
        guard end - position >= MemoryLayout<Word>.size else { throw malformed() }
        defer { position += MemoryLayout<Word>.size }
        return Word(littleEndian: buffer.loadUnaligned(fromByteOffset: position, as: Word.self))
    }

    /// A field's text; malformed when it is not UTF-8.
    package func text(_ range: Range<Int>) throws -> String {
        guard let text = String(validating: UnsafeRawBufferPointer(rebasing: buffer[range]), as: UTF8.self) else {
            throw malformed()
        }
        return text
    }

    package func malformed() -> RecordError {
        RecordError(
            .malformedMessage, offset: position, remedy: "The bytes are not a message of the expected kind.")
    }
}
