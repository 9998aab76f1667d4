import Foundation
import LightboxCore

/// The rows of a JSON lines file: one object a line, as batch predictions and `lightbox embed` write them.
///
/// Strings become text, numbers integer or real, booleans boolean. A list of numbers becomes a vector when
/// Float32 can hold it, integers exactly; every other list and every object stays JSON text. Empty lines are skipped.
public struct JSONLineRows: RowSource {
    private let file: MappedFile

    public init(path: String) throws { file = try MappedFile(path: path) }

    public func forEachRow(_ body: (TableRow, Int) throws -> Void) throws {
        try Bytes(file).withUnsafeBytes { try forEachRow(of: $0, body) }
    }

    private func forEachRow(of bytes: UnsafeRawBufferPointer, _ body: (TableRow, Int) throws -> Void) throws {
        var start = 0
        var number = 0
        while start < bytes.count {
            number += 1
            let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
            let length = memchr(rest.baseAddress!, 10, rest.count).map { UnsafeRawPointer($0) - rest.baseAddress! }
            let line = UnsafeRawBufferPointer(rebasing: rest[..<(length ?? rest.count)])
            start += line.count + 1
            var scanner = JSONRowScanner(line)
            do {
                if let row = try scanner.row() { try body(row, number) }
            } catch let problem as JSONRowScanner.Problem {
                throw WarehouseError(
                    .malformed,
                    "\(file.path): line \(number), byte \(scanner.position + 1): \(problem.what). "
                        + "Correct the line; nothing was loaded.")
            }
        }
    }
}

/// Reads one JSON object into a row, in one pass and without a tree.
struct JSONRowScanner {
    struct Problem: Error { let what: String }

    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0
    /// Lists and objects within one another, so that the stack holds.
    private static let deepest = 200

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private var byte: UInt8 { position < bytes.count ? bytes[position] : 0 }

    /// nil for a line of spaces.
    mutating func row() throws -> TableRow? {
        skipSpace()
        guard position < bytes.count else { return nil }
        try expect("{", "an object was expected")
        var cells: [TableRow.Cell] = []
        skipSpace()
        if byte == UInt8(ascii: "}") {
            position += 1
        } else {
            repeat {
                skipSpace()
                let name = try string()
                skipSpace()
                try expect(":", "':' was expected")
                cells.append(TableRow.Cell(name, try value()))
                skipSpace()
            } while take(",")
            try expect("}", "',' or '}' was expected")
        }
        skipSpace()
        guard position == bytes.count else { throw Problem(what: "the line goes on behind its object") }
        return TableRow(cells)
    }

    private mutating func value() throws -> SQLValue {
        skipSpace()
        switch byte {
        case UInt8(ascii: "\""): return .text(try string())
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): return try word()
        case UInt8(ascii: "["): return try list()
        case UInt8(ascii: "{"): return try raw()
        default: return try number().value
        }
    }

    private mutating func word() throws -> SQLValue {
        for (word, value) in [("true", SQLValue.boolean(true)), ("false", .boolean(false)), ("null", .null)]
        where bytes[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        throw Problem(what: "a value was expected")
    }

    /// A vector or, when it is not one, the list's own text.
    private mutating func list() throws -> SQLValue {
        let start = position
        position += 1
        var numbers: [Float] = []
        repeat {
            skipSpace()
            guard byte == UInt8(ascii: "-") || Self.isDigit(byte), let float = try number().float else {
                position = start
                return try raw()
            }
            if numbers.isEmpty { numbers.reserveCapacity(min(4096, (bytes.count - position) / 2)) }
            numbers.append(float)
            skipSpace()
        } while take(",")
        guard take("]") else {
            position = start
            return try raw()
        }
        return .vector(numbers)
    }

    private mutating func raw() throws -> SQLValue {
        let start = position
        try skip(depth: 0)
        return .json(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func skip(depth: Int) throws {
        guard depth < Self.deepest else { throw Problem(what: "lists and objects are nested too deeply") }
        skipSpace()
        let open = byte
        guard open == UInt8(ascii: "[") || open == UInt8(ascii: "{") else {
            _ = try value()
            return
        }
        position += 1
        skipSpace()
        let close: Unicode.Scalar = open == UInt8(ascii: "[") ? "]" : "}"
        if take(close) { return }
        repeat {
            if close == "}" {
                skipSpace()
                _ = try string()
                skipSpace()
                try expect(":", "':' was expected")
            }
            try skip(depth: depth + 1)
            skipSpace()
        } while take(",")
        try expect(close, "',' or '\(close)' was expected")
    }

    private mutating func skipSpace() {
        while position < bytes.count, [32, 9, 13, 10].contains(bytes[position]) { position += 1 }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard byte == UInt8(ascii: scalar) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ scalar: Unicode.Scalar, _ what: String) throws {
        guard take(scalar) else { throw Problem(what: what) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}

extension JSONRowScanner {
    private mutating func string() throws -> String {
        try expect("\"", "a text in double quotes was expected")
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\")
        {
            guard bytes[position] >= 0x20 else { throw Problem(what: "a control character stands in a text") }
            position += 1
        }
        if take("\"") { return String(decoding: bytes[start..<(position - 1)], as: UTF8.self) }
        // Escapes are rare: leave them to the system's decoder.
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard position < bytes.count else { throw Problem(what: "a text does not end") }
        position += 1
        let literal = Data(bytes[(start - 1)..<position])
        guard let text = try? JSONDecoder().decode(String.self, from: literal) else {
            throw Problem(what: "a text has an escape that JSON does not know")
        }
        return text
    }

    struct Number {
        let value: SQLValue
        /// nil when Float32 cannot hold it, or not exactly if it is an integer.
        let float: Float?
    }

    /// Reads digits as an integer and scales it, which is exact up to 15 digits and powers of ten to 22
    /// (Clinger, PLDI 1990); the system's parser takes the rest.
    private mutating func number() throws -> Number {
        let start = position
        let isNegative = take("-")
        var mantissa: UInt64 = 0
        var digits = 0
        func isDigit(_ position: Int) -> Bool { position < bytes.count && Self.isDigit(bytes[position]) }
        func read(_ mantissa: inout UInt64, _ digits: inout Int, _ position: inout Int) -> Int {
            let first = position
            while isDigit(position) {
                mantissa = mantissa &* 10 &+ UInt64(bytes[position] &- UInt8(ascii: "0"))
                if mantissa != 0 { digits += 1 }
                position += 1
            }
            return position - first
        }
        guard read(&mantissa, &digits, &position) > 0 else { throw Problem(what: "a value was expected") }
        var exponent = 0
        var isInteger = true
        if take(".") {
            isInteger = false
            let count = read(&mantissa, &digits, &position)
            guard count > 0 else { throw Problem(what: "digits were expected behind the point") }
            exponent = -count
        }
        if byte | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position += 1
            let isDown = byte == UInt8(ascii: "-")
            if isDown || byte == UInt8(ascii: "+") { position += 1 }
            var power: UInt64 = 0
            var powerDigits = 0
            guard read(&power, &powerDigits, &position) > 0 else {
                throw Problem(what: "an exponent was expected")
            }
            exponent += (isDown ? -1 : 1) * (powerDigits > 6 ? 1_000_000 : Int(power))
        }
        if isInteger, digits <= 18 {
            let integer = isNegative ? -Int64(mantissa) : Int64(mantissa)
            return Number(value: .integer(integer), float: Float(exactly: integer))
        }
        let double: Double
        if mantissa < 1 << 53, digits <= 18, (-22...22).contains(exponent) {
            let magnitude = Double(mantissa)
            let scaled = exponent < 0 ? magnitude / Self.powers[-exponent] : magnitude * Self.powers[exponent]
            double = isNegative ? -scaled : scaled
        } else {
            double = Double(String(decoding: bytes[start..<position], as: UTF8.self)) ?? .nan
        }
        let float = Float(double)
        if isInteger { return Number(value: .real(double), float: nil) }
        guard double.isFinite else { throw Problem(what: "a number is too large") }
        return Number(value: .real(double), float: float.isFinite ? float : nil)
    }

    /// 10⁰ to 10²², all exact.
    private static let powers: [Double] = (0..<22).reduce(into: [1]) { powers, index in
        powers.append(powers[index] * 10)
    }
}
