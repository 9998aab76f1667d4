import LightboxCore

/// A number of an array that is read from JSON.
private protocol JSONElement {
    /// nil where the number is none of the type.
    init?(_ number: JSONParser.Number)
    /// nil where the number takes a closer look.
    init?(_ number: JSONParser.ShortNumber)
}

extension Float: JSONElement {
    @inline(__always) init?(_ number: JSONParser.Number) { self.init(number.value) }
    @inline(__always) init?(_ number: JSONParser.ShortNumber) { self.init(number.value) }
}

extension Double: JSONElement {
    @inline(__always) init?(_ number: JSONParser.Number) { self.init(number.value) }
    @inline(__always) init?(_ number: JSONParser.ShortNumber) { self.init(number.value) }
}

extension Int64: JSONElement {
    /// Whole numbers may carry a point: `1.0`.
    @inline(__always) init?(_ number: JSONParser.Number) {
        guard let value = number.integer ?? Int64(exactly: number.value) else { return nil }
        self = value
    }

    @inline(__always) init?(_ number: JSONParser.ShortNumber) {
        guard number.fraction == 0, number.digits != 0 || !number.isNegative else { return nil }
        self = number.isNegative ? -Int64(number.digits) : Int64(number.digits)
    }
}

/// Arrays inside arrays of numbers go straight into a flat buffer: an image of 299 × 299 × 3 numbers never is a tree.
extension JSONParser {
    /// Arrays inside one another at most.
    private static let maximumRank = 8

    /// Reads a number, or arrays of arrays of numbers, and appends the numbers.
    ///
    /// - Parameter limit: numbers at most.
    /// - Returns: the lengths, outermost first; empty for a single number.
    /// - Throws: ``RecordError``: `malformedJSON`, `unsupported` for arrays of unequal length or what is no number,
    ///   `limitExceeded`.
    package mutating func nestedNumbers(into values: inout [Float], limit: Int) throws -> [Int] {
        try nested(into: &values, limit: limit)
    }

    package mutating func nestedNumbers(into values: inout [Double], limit: Int) throws -> [Int] {
        try nested(into: &values, limit: limit)
    }

    /// For whole numbers.
    package mutating func nestedNumbers(into values: inout [Int64], limit: Int) throws -> [Int] {
        try nested(into: &values, limit: limit)
    }

    private mutating func nested<Element: JSONElement>(into values: inout [Element], limit: Int) throws -> [Int] {
        let end = values.count + limit
        var shape = NestedShape(maximumRank: Self.maximumRank)
        while true {
            if take(UInt8(ascii: "[")) {
                guard shape.open() else { throw uneven }
                guard take(UInt8(ascii: "]")) else { continue }
                guard shape.close() else { throw uneven }
            } else {
                guard shape.isLeaf() else { throw uneven }
                // The innermost array in one go.
                repeat {
                    guard values.count < end else {
                        throw RecordError(.limitExceeded, offset: position, remedy: "Over \(limit) numbers.")
                    }
                    values.append(try element())
                    shape.count()
                } while shape.depth > 0 && take(UInt8(ascii: ","))
                if shape.depth == 0 { return [] }
                guard take(UInt8(ascii: "]")) else { throw try unexpected() }
                guard shape.close() else { throw uneven }
            }
            while !take(UInt8(ascii: ",")) {
                if shape.depth == 0 { return shape.lengths }
                guard take(UInt8(ascii: "]")) else { throw try unexpected() }
                guard shape.close() else { throw uneven }
            }
            if shape.depth == 0 {
                // The comma is of whatever holds the value.
                position -= 1
                return shape.lengths
            }
        }
    }

    @inline(__always)
    private mutating func element<Element: JSONElement>() throws -> Element {
        skipSpace()
        guard position < bytes.count else { throw malformed("a value is missing") }
        let byte = bytes[position]
        guard byte &- 48 < 10 || byte == UInt8(ascii: "-") else { throw try unexpected() }
        let start = position
        if let short = shortNumber(), let value = Element(short) { return value }
        position = start
        guard let value = Element(try number()) else {
            throw RecordError(.unsupported, offset: position, remedy: "A whole number is wanted here.")
        }
        return value
    }

    /// The usual kind of number, without an exponent and with so few digits that one division makes it exact.
    struct ShortNumber {
        let isNegative: Bool
        /// Below 10¹⁵.
        let digits: UInt64
        /// How many of the digits stand behind the point.
        let fraction: Int

        @inline(__always) var value: Double {
            // Both factors are exact, so one rounding is all there is (Clinger 1990).
            let value = fraction == 0 ? Double(digits) : Double(digits) / PowersOfTen.exact[fraction]
            return isNegative ? -value : value
        }
    }

    /// nil for a number of another kind, or what is none: ``number()`` is the judge of these.
    @inline(__always)
    private mutating func shortNumber() -> ShortNumber? {
        var place = position
        let end = bytes.count
        let isNegative = bytes[place] == UInt8(ascii: "-")
        if isNegative { place += 1 }
        var digits: UInt64 = 0
        let start = place
        while place < end, bytes[place] &- 48 < 10 {
            digits = digits &* 10 &+ UInt64(bytes[place] &- 48)
            place += 1
        }
        let whole = place - start
        guard whole > 0, whole <= 15, whole == 1 || bytes[start] != 48 else { return nil }
        var fraction = 0
        if place < end, bytes[place] == UInt8(ascii: ".") {
            place += 1
            let point = place
            while place < end, bytes[place] &- 48 < 10 {
                digits = digits &* 10 &+ UInt64(bytes[place] &- 48)
                place += 1
            }
            fraction = place - point
            guard fraction > 0, whole + fraction <= 15 else { return nil }
        }
        guard place == end || bytes[place] | 0x20 != UInt8(ascii: "e") else { return nil }
        position = place
        return ShortNumber(isNegative: isNegative, digits: digits, fraction: fraction)
    }

    /// What is wrong where a number, a comma or a bracket is wanted: another value, or no JSON.
    private mutating func unexpected() throws -> RecordError {
        switch peekValue() {
        case UInt8(ascii: "["): return uneven
        case UInt8(ascii: "\""), UInt8(ascii: "{"), UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
            _ = try value()
            return RecordError(.unsupported, offset: position, remedy: "A number is wanted here.")
        default: return malformed("a number, a comma or a bracket is missing")
        }
    }

    private var uneven: RecordError {
        RecordError(
            .unsupported, offset: position, remedy: "Arrays of one depth have equal lengths, and at most 8 levels."
        )
    }
}

/// Lengths of arrays inside one another, found while they are read.
private struct NestedShape {
    private let maximumRank: Int
    private(set) var depth = 0
    /// Elements seen so far, of each array that is open.
    private var counts: [Int]
    /// -1: not known yet.
    private var known: [Int]
    /// The depth of the numbers; -1: none was seen yet.
    private var rank = -1

    init(maximumRank: Int) {
        self.maximumRank = maximumRank
        counts = Array(repeating: 0, count: maximumRank + 1)
        known = Array(repeating: -1, count: maximumRank + 1)
    }

    var lengths: [Int] { Array(known.prefix { $0 >= 0 }) }

    /// false where this array is one level too deep.
    mutating func open() -> Bool {
        guard depth < maximumRank, rank < 0 || depth < rank else { return false }
        counts[depth] = 0
        depth += 1
        return true
    }

    mutating func isLeaf() -> Bool {
        if rank < 0 { rank = depth }
        return rank == depth
    }

    /// One number more in the innermost array.
    @inline(__always) mutating func count() { if depth > 0 { counts[depth - 1] += 1 } }

    /// false where the array is not as long as the others of its depth.
    mutating func close() -> Bool {
        depth -= 1
        if known[depth] < 0 { known[depth] = counts[depth] }
        if depth > 0 { counts[depth - 1] += 1 }
        return known[depth] == counts[depth]
    }
}
