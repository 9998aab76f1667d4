import Foundation

extension JSONParser {
    /// A number as read: the nearest Double, and the integer that it is where it has no point or exponent.
    struct Number {
        let value: Double
        let integer: Int64?
    }

    /// A number at its first character.
    mutating func number() throws -> Number {
        let start = position
        let isNegative = peek == UInt8(ascii: "-")
        if isNegative { position += 1 }
        var decimal = Decimal(isNegative: isNegative)
        let first = position
        while peek &- 48 < 10 { decimal.take(next(), isFraction: false) }
        guard position > first, position == first + 1 || bytes[first] != 48 else { throw malformed("not a value") }
        var isInteger = true
        if peek == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            let point = position
            while peek &- 48 < 10 { decimal.take(next(), isFraction: true) }
            guard position > point else { throw malformed("a number ends at its point") }
        }
        if peek | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            try decimal.addExponent(exponent())
        }
        let integer = isInteger ? decimal.integer : nil
        if let value = decimal.value { return Number(value: value, integer: integer) }
        return Number(value: try slowNumber(from: start), integer: integer)
    }

    private mutating func exponent() throws -> Int {
        position += 1
        let isNegative = peek == UInt8(ascii: "-")
        if isNegative || peek == UInt8(ascii: "+") { position += 1 }
        let start = position
        var exponent = 0
        while peek &- 48 < 10 { exponent = min(exponent * 10 + Int(next() - 48), 100_000) }
        guard position > start else { throw malformed("an exponent is missing") }
        return isNegative ? -exponent : exponent
    }

    /// The digits from `start` through the C library: for more than 19 of them, or a far exponent.
    private func slowNumber(from start: Int) throws -> Double {
        let digits = bytes[start..<position].map { CChar($0) } + [0]
        let value = strtod(digits, nil)
        guard value.isFinite else { throw malformed("a number too large") }
        return value
    }

    @inline(__always) private var peek: UInt8 { position < bytes.count ? bytes[position] : 0 }

    @inline(__always) private mutating func next() -> UInt8 {
        defer { position += 1 }
        return bytes[position]
    }

    /// `digits × 10^exponent`, as long as it is exact.
    private struct Decimal {
        let isNegative: Bool
        private var digits: UInt64 = 0
        private var exponent = 0
        private var isExact = true

        init(isNegative: Bool) { self.isNegative = isNegative }

        @inline(__always) mutating func take(_ byte: UInt8, isFraction: Bool) {
            if digits < 1_000_000_000_000_000_000 {
                digits = digits * 10 + UInt64(byte & 15)
                exponent -= isFraction ? 1 : 0
            } else {
                isExact = false
            }
        }

        mutating func addExponent(_ value: Int) { exponent += value }

        var integer: Int64? {
            guard isExact, let value = Int64(exactly: digits), !(isNegative && value == 0) else { return nil }
            return isNegative ? -value : value
        }

        /// The nearest Double, ties to even; nil where this takes more than a word.
        var value: Double? {
            guard isExact else { return nil }
            guard digits != 0 else { return isNegative ? -0.0 : 0 }
            if digits < 1 << 53 && abs(exponent) <= 22 {
                // Both factors are exact, so one rounding is all there is (Clinger 1990).
                let power = PowersOfTen.exact[abs(exponent)]
                let value = exponent < 0 ? Double(digits) / power : Double(digits) * power
                return isNegative ? -value : value
            }
            guard (-27..<0).contains(exponent) else { return nil }
            let value = quotient()
            return isNegative ? -value : value
        }

        /// `digits / 10^n` by one exact division of 128 by 64 bits: the remainder says which way to round.
        private func quotient() -> Double {
            let five = PowersOfTen.five[-exponent]
            let (above, below) = (digits.leadingZeroBitCount, five.leadingZeroBitCount)
            let divisor = five << UInt64(below)
            // Halved, so that the quotient fits: it lies in 2^62 ..< 2^64.
            let dividend = digits << UInt64(above)
            var (quotient, remainder) = divisor.dividingFullWidth((dividend >> 1, dividend << 63))
            let excess = 11 - quotient.leadingZeroBitCount
            let dropped = quotient & (1 << UInt64(excess) - 1)
            quotient >>= UInt64(excess)
            let half: UInt64 = 1 << UInt64(excess - 1)
            remainder |= dropped & (half - 1)
            if dropped & half != 0 && (remainder != 0 || quotient & 1 == 1) { quotient += 1 }
            // 53 bits of quotient × 2^scale; no exponent here comes near the range's ends.
            let scale = excess - 63 - above + below + exponent
            return Double(quotient) * Double(bitPattern: UInt64(1023 + scale) << 52)
        }
    }
}

enum PowersOfTen {
    static let exact: [Double] = (0...22).map { (0..<$0).reduce(1.0) { value, _ in value * 10 } }
    /// 5^27 is the last that fits.
    static let five: [UInt64] = (0...27).map { (0..<$0).reduce(UInt64(1)) { value, _ in value * 5 } }
}
