import DICOM
import LightboxCore

/// Moves dates by whole days: what lies between two of them stays, and the time of day too.
struct DateShift: Sendable {
    let days: Int

    /// A value of DA or DT, several separated by backslashes. nil when one is no date.
    func shifted(_ bytes: Bytes) -> [UInt8]? {
        var result: [[UInt8]] = []
        for value in bytes.array.split(separator: UInt8(ascii: "\\"), omittingEmptySubsequences: false) {
            let trimmed = value.filter { $0 != 0x20 && $0 != 0 }
            guard !trimmed.isEmpty else {
                result.append([])
                continue
            }
            guard let shifted = shifted(one: trimmed) else { return nil }
            result.append(shifted)
        }
        return Array(result.joined(separator: [UInt8(ascii: "\\")]))
    }

    /// `YYYYMMDD…`; of a date without day or month that part is left out again.
    private func shifted(one value: [UInt8]) -> [UInt8]? {
        // ACR-NEMA wrote 1993.08.22.
        let value = value.count == 10 && value[4] == 0x2e && value[7] == 0x2e ? value.filter { $0 != 0x2e } : value
        let digits = value.prefix { (0x30...0x39).contains($0) }.count
        guard digits >= 8 || digits == 4 || digits == 6 else { return nil }
        func number(_ range: Range<Int>) -> Int { value[range].reduce(0) { $0 * 10 + Int($1 - 0x30) } }
        let month = digits >= 6 ? number(4..<6) : 7
        let day = digits >= 8 ? number(6..<8) : 1
        guard (1...12).contains(month), (1...31).contains(day) else { return nil }
        let moved = Self.date(of: Self.day(number(0..<4), month, day) + days)
        guard (1...9999).contains(moved.year) else { return nil }
        let text = Self.padded(moved.year, 4) + Self.padded(moved.month, 2) + Self.padded(moved.day, 2)
        let kept = min(digits, 8)
        return Array(text.utf8.prefix(kept)) + value[kept...]
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Days since 1 March of year 0 in the Gregorian calendar: years that begin in March end with the leap day.
    static func day(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shiftedYear = month > 2 ? year : year - 1
        let shiftedMonth = (month + 9) % 12
        let cycle = shiftedYear / 400 * 146_097
        let inCycle = shiftedYear % 400
        return cycle + inCycle * 365 + inCycle / 4 - inCycle / 100 + (153 * shiftedMonth + 2) / 5 + day - 1
    }

    static func date(of number: Int) -> (year: Int, month: Int, day: Int) {
        let cycle = number / 146_097
        let rest = number % 146_097
        let inCycle = (rest - rest / 1_460 + rest / 36_524 - rest / 146_096) / 365
        let dayOfYear = rest - (365 * inCycle + inCycle / 4 - inCycle / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        return (cycle * 400 + inCycle + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9, day)
    }
}
