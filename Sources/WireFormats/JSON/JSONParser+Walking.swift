import LightboxCore

/// Walking a document without making a tree of it.
extension JSONParser {
    /// The first byte of the next value, after space; 0 at the end.
    package mutating func peekValue() -> UInt8 {
        skipSpace()
        return position < bytes.count ? bytes[position] : 0
    }

    /// Calls `body` for each member of the object that begins here, behind the colon; it reads the member's value.
    package mutating func forEachMember(_ body: (inout JSONParser, _ name: String) throws -> Void) throws {
        guard take(UInt8(ascii: "{")) else { throw malformed("an object is missing") }
        guard !take(UInt8(ascii: "}")) else { return }
        repeat {
            guard peekValue() == UInt8(ascii: "\"") else { throw malformed("a member's name is missing") }
            let name = try string()
            guard take(UInt8(ascii: ":")) else { throw malformed("a colon is missing") }
            try body(&self, name)
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw malformed("the object does not end") }
    }

    /// Calls `body` for each element of the array that begins here; it reads the element.
    package mutating func forEachElement(_ body: (inout JSONParser, _ index: Int) throws -> Void) throws {
        guard take(UInt8(ascii: "[")) else { throw malformed("an array is missing") }
        guard !take(UInt8(ascii: "]")) else { return }
        var index = 0
        repeat {
            try body(&self, index)
            index += 1
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw malformed("the array does not end") }
    }

    /// Passes over a value by its brackets and quotes alone and gives its place: what stands there is held against
    /// the rules when it is read.
    package mutating func skipValue() throws -> Range<Int> {
        skipSpace()
        let start = position
        var depth = 0
        while position < bytes.count {
            if depth > 0 { skipNumbers() }
            guard position < bytes.count else { break }
            switch bytes[position] {
            case UInt8(ascii: "\""): try skipString()
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if depth == 0 { return start..<position }
                depth -= 1
                if depth == 0 {
                    position += 1
                    return start..<position
                }
            case UInt8(ascii: ",") where depth == 0: return start..<position
            default: break
            }
            position += 1
        }
        guard depth == 0 else { throw malformed("an array or object does not end") }
        return start..<position
    }

    /// Passes over eight bytes at a time while these are digits, signs, commas or space: no letters, brackets or quotes.
    private mutating func skipNumbers() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        while position + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            // Letters and brackets are 0x40 and above. A byte of `quotes` is 0 where there is a quote, and then the
            // subtraction borrows into its highest bit.
            let quotes = word ^ (0x22 * ones)
            guard word & (0xc0 * ones) == 0, (quotes &- ones) & ~quotes & (0x80 * ones) == 0 else { return }
            position += 8
        }
    }

    /// From the opening quote to the closing one, where the position stays.
    private mutating func skipString() throws {
        position += 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): position += 2
            default: position += 1
            }
        }
        position = bytes.count
        throw malformed("a string does not end")
    }

    /// A parser of a part of these bytes, whose positions stay those of the whole.
    package func parser(of range: Range<Int>) -> JSONParser {
        var part = JSONParser(
            UnsafeRawBufferPointer(rebasing: bytes[..<range.upperBound]), maximumDepth: maximumDepth)
        part.position = range.lowerBound
        return part
    }

    /// - Throws: ``RecordError`` when more than space is left.
    package mutating func finish() throws {
        skipSpace()
        guard position == bytes.count else { throw malformed("more stands behind the value") }
    }
}
