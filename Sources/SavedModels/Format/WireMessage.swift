import LightboxCore
import WireFormats

/// A protobuf message as its list of fields, each with its own bytes: what is not understood can be written back.
struct WireMessage: Sendable {
    struct Field: Sendable {
        enum Content: Sendable {
            /// A varint, or a fixed-width number's bits.
            case number(UInt64)
            case bytes(Range<Int>)
        }

        let number: Int
        let content: Content
        /// Key and length included.
        let whole: Range<Int>
    }

    let bytes: Bytes
    let fields: [Field]

    init(_ bytes: Bytes) throws {
        self.bytes = bytes
        fields = try bytes.withUnsafeBytes { buffer in
            var reader = ProtobufReader(buffer)
            var fields: [Field] = []
            var start = 0
            while let field = try reader.next() {
                let content: Field.Content =
                    switch field.value {
                    case .varint(let value), .fixed64(let value): .number(value)
                    case .fixed32(let value): .number(UInt64(value))
                    case .bytes(let range): .bytes(range)
                    }
                fields.append(Field(number: field.number, content: content, whole: start..<reader.position))
                start = reader.position
            }
            return fields
        }
    }

    /// Of a field that comes twice the last one counts, as protobuf says.
    func content(_ number: Int) -> Bytes? {
        for field in fields.reversed() where field.number == number {
            if case .bytes(let range) = field.content { return bytes[range] }
        }
        return nil
    }

    func message(_ number: Int) throws -> WireMessage? { try content(number).map(WireMessage.init) }

    func messages(_ number: Int) throws -> [WireMessage] { try contents(number).map(WireMessage.init) }

    func contents(_ number: Int) -> [Bytes] {
        fields.compactMap { field in
            guard field.number == number, case .bytes(let range) = field.content else { return nil }
            return bytes[range]
        }
    }

    func text(_ number: Int) throws -> String { try content(number).map(Self.text) ?? "" }

    func texts(_ number: Int) throws -> [String] { try contents(number).map(Self.text) }

    func number(_ number: Int) -> UInt64? {
        for field in fields.reversed() where field.number == number {
            if case .number(let value) = field.content { return value }
        }
        return nil
    }

    /// A repeated number, packed or not. `width` is 4 or 8 for fixed-width kinds, nil for varints.
    func numbers(_ number: Int, width: Int? = nil) throws -> [UInt64] {
        var values: [UInt64] = []
        for field in fields where field.number == number {
            switch field.content {
            case .number(let value): values.append(value)
            case .bytes(let range): try Self.unpack(bytes[range], width: width, into: &values)
            }
        }
        return values
    }

    private static func unpack(_ packed: Bytes, width: Int?, into values: inout [UInt64]) throws {
        try packed.withUnsafeBytes { buffer in
            guard let width else {
                var reader = ProtobufReader(buffer)
                while !reader.isAtEnd { values.append(try reader.varint()) }
                return
            }
            guard buffer.count % width == 0 else { throw ProtobufReader(buffer).malformed() }
            for offset in stride(from: 0, to: buffer.count, by: width) {
                values.append(
                    width == 4
                        ? UInt64(
                            UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
                        : UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            }
        }
    }

    /// A map field's entries `{ key = 1; value = 2; }`.
    func entries(_ number: Int) throws -> [(key: String, value: Bytes)] {
        try messages(number).map { (try $0.text(1), $0.content(2) ?? .empty) }
    }

    static func text(_ bytes: Bytes) throws -> String {
        try bytes.withUnsafeBytes { try ProtobufReader($0).text(0..<$0.count) }
    }
}

extension ProtobufWriter {
    mutating func field(_ number: Int, bytes content: Bytes) {
        content.withUnsafeBytes { field(number, bytes: $0) }
    }

    mutating func field(_ number: Int, message content: [UInt8]) {
        content.withUnsafeBytes { field(number, bytes: $0) }
    }

    /// A field as it was read.
    mutating func copy(_ field: WireMessage.Field, of message: WireMessage) {
        message.bytes[field.whole].withUnsafeBytes { raw($0) }
    }
}
