import Foundation

/// JSON as the warehouse writes it: shortest numbers that read back as themselves, no spaces.
enum JSONText {
    static func of(_ value: SQLValue) -> String {
        switch value {
        case .null: "null"
        case .integer(let number): String(number)
        case .real(let number): number.isFinite ? shortest("\(number)") : "null"
        case .boolean(let flag): flag ? "true" : "false"
        case .text(let text): quoted(text)
        case .json(let text): text
        case .vector(let values): array(values)
        }
    }

    static func array(_ values: [Float]) -> String {
        var text = "["
        text.reserveCapacity(values.count * 12)
        for (index, value) in values.enumerated() {
            if index > 0 { text += "," }
            text += value.isFinite ? shortest("\(value)") : "null"
        }
        return text + "]"
    }

    private static func shortest(_ number: String) -> String {
        number.hasSuffix(".0") ? String(number.dropLast(2)) : number
    }

    static func quoted(_ text: String) -> String {
        var output = "\""
        output.reserveCapacity(text.utf8.count + 2)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": output += "\\\""
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case "\u{0}"..."\u{1f}":
                let digits = String(scalar.value, radix: 16)
                output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: output.unicodeScalars.append(scalar)
            }
        }
        return output + "\""
    }

    /// A JSON array of numbers; nil for anything else.
    static func floats(_ text: UnsafeRawBufferPointer) -> [Float]? {
        guard let numbers = try? JSONDecoder().decode([Double].self, from: Data(text)) else { return nil }
        return numbers.map { Float($0) }
    }
}

extension SQLValue {
    /// The value as JSON: a vector as a list, what JSON has no number for as null.
    public var json: String { JSONText.of(self) }
}
