import WireFormats

/// JSON as the warehouse writes it: shortest numbers that read back as themselves, null for what JSON has none for.
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

    /// A whole number without `.0`, so that a list of integers comes back as it was.
    private static func shortest(_ number: String) -> String {
        number.hasSuffix(".0") ? String(number.dropLast(2)) : number
    }

    static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONWriter.append(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A JSON array of numbers; nil for anything else.
    static func floats(_ text: UnsafeRawBufferPointer) -> [Float]? {
        (try? JSONValue(parsing: text))?.floats
    }
}

extension SQLValue {
    /// The value as JSON: a vector as a list, what JSON has no number for as null.
    public var json: String { JSONText.of(self) }
}
