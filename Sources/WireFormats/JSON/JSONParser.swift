public import LightboxCore

/// How large and deep a JSON document may be.
public struct JSONLimits: Sendable, Hashable {
    public var maximumBytes: Int
    /// Arrays and objects inside one another.
    public var maximumDepth: Int

    public init(maximumBytes: Int = 1 << 26, maximumDepth: Int = 128) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = maximumDepth
    }
}

extension JSONValue {
    /// Reads one document, strictly after RFC 8259: `NaN`, comments and trailing commas are errors.
    ///
    /// - Throws: ``RecordError`` with the offset of the first wrong byte.
    public init(parsing bytes: UnsafeRawBufferPointer, limits: JSONLimits = JSONLimits()) throws {
        guard bytes.count <= limits.maximumBytes else {
            throw RecordError(
                .limitExceeded, offset: 0, remedy: "Over \(limits.maximumBytes) bytes; raise the limit.")
        }
        var parser = JSONParser(bytes, maximumDepth: limits.maximumDepth)
        self = try parser.document()
    }

    public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws {
        var text = text
        self = try text.withUTF8 { try JSONValue(parsing: UnsafeRawBufferPointer($0), limits: limits) }
    }

    public init(parsing bytes: Bytes, limits: JSONLimits = JSONLimits()) throws {
        self = try bytes.withUnsafeBytes { try JSONValue(parsing: $0, limits: limits) }
    }
}

/// A recursive descent over the bytes; the depth is bounded, so the stack is.
package struct JSONParser {
    package let bytes: UnsafeRawBufferPointer
    /// Of the next byte.
    package var position = 0
    let maximumDepth: Int

    package init(_ bytes: UnsafeRawBufferPointer, maximumDepth: Int) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
    }

    mutating func document() throws -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw malformed("more stands behind the value") }
        return value
    }

    /// The next value, whatever it is.
    package mutating func value(depth: Int = 0) throws -> JSONValue {
        skipSpace()
        guard position < bytes.count else { throw malformed("a value is missing") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default:
            let number = try number()
            return number.integer.map { .integer($0) } ?? .number(number.value)
        }
    }

    private mutating func object(depth: Int) throws -> JSONValue {
        try enter(depth)
        var members: [JSONMember] = []
        guard !take(UInt8(ascii: "}")) else { return .object(members) }
        repeat {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw malformed("a member's name is missing")
            }
            let name = try string()
            guard take(UInt8(ascii: ":")) else { throw malformed("a colon is missing") }
            members.append(JSONMember(name, try value(depth: depth)))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw malformed("the object does not end") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws -> JSONValue {
        try enter(depth)
        guard !take(UInt8(ascii: "]")) else { return .array([]) }
        let start = position
        if let numbers = try numbers() { return .numbers(numbers) }
        position = start
        var values: [JSONValue] = []
        repeat { values.append(try value(depth: depth)) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw malformed("the array does not end") }
        return .array(values)
    }

    /// The rest of an array that holds numbers alone; nil where something else comes first.
    private mutating func numbers() throws -> [Double]? {
        var values: [Double] = []
        repeat {
            skipSpace()
            guard position < bytes.count else { return nil }
            let byte = bytes[position]
            guard byte &- 48 < 10 || byte == UInt8(ascii: "-") else { return nil }
            let number = try number()
            if let integer = number.integer, Int64(exactly: number.value) != integer { return nil }
            values.append(number.value)
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw malformed("the array does not end") }
        return values
    }

    mutating func enter(_ depth: Int) throws {
        guard depth <= maximumDepth else {
            throw RecordError(.limitExceeded, offset: position, remedy: "Nested over \(maximumDepth) levels.")
        }
        position += 1
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
        let length = word.utf8CodeUnitCount
        guard position + length <= bytes.count,
            (0..<length).allSatisfy({ bytes[position + $0] == word.utf8Start[$0] })
        else { throw malformed("not a JSON value") }
        position += length
        return value
    }

    package mutating func skipSpace() {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 else { return }
            position += 1
        }
    }

    /// Passes over space and then this byte, if it stands there.
    package mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    package func malformed(_ what: String) -> RecordError {
        RecordError(.malformedJSON, offset: position, remedy: "This is not JSON here: \(what).")
    }
}
