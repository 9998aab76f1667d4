import Foundation

/// Numbers as figures and pages write them.
package enum Number {
    /// With a fixed count of digits behind the point.
    package static func decimal(_ value: Double, digits: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "–" : value < 0 ? "−∞" : "∞" }
        let text = String(format: "%.\(digits)f", abs(value))
        let isZero = !text.contains { $0 != "0" && $0 != "." }
        return (value < 0 && !isZero ? "−" : "") + text
    }

    /// `1e-5`, with as many digits as it needs, at most three.
    static func scientific(_ value: Double) -> String {
        let text = String(format: "%.2e", value)
        let parts = text.split(separator: "e")
        guard parts.count == 2, let exponent = Int(parts[1]) else { return text }
        var digits = String(parts[0])
        while digits.contains("."), digits.hasSuffix("0") || digits.hasSuffix(".") { digits.removeLast() }
        return "\(digits)e\(exponent)".replacingOccurrences(of: "-", with: "−")
    }

    /// A whole number with groups of three: `227,835`.
    package static func grouped(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0 && (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return (value < 0 ? "−" : "") + text
    }
}
