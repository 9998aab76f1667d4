public import LightboxCore

extension JSONValue {
    /// The document on one line, with a space behind commas and colons of objects, as Python writes it.
    ///
    /// - Throws: ``RecordError`` for a number that is not finite, which JSON cannot carry.
    public func serialized() throws -> [UInt8] {
        var output: [UInt8] = []
        try JSONWriter.append(self, to: &output)
        return output
    }
}

/// Appends JSON to bytes.
public enum JSONWriter {
    public static func append(_ value: JSONValue, to output: inout [UInt8]) throws {
        switch value {
        case .null: append(ascii: "null", to: &output)
        case .bool(let value): append(ascii: value ? "true" : "false", to: &output)
        case .integer(let value): append(ascii: value.description, to: &output)
        case .number(let value): try append(value, to: &output)
        case .string(let text): append(text, to: &output)
        case .numbers(let values):
            try appendList(values, to: &output) { value, output in
                // Whole numbers of a list may have been written without a point.
                guard let whole = Int64(exactly: value), abs(value) < 0x1p53, value != 0 || value.sign == .plus
                else {
                    return try append(value, to: &output)
                }
                append(ascii: whole.description, to: &output)
            }
        case .array(let values): try appendList(values, to: &output) { try append($0, to: &$1) }
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { append(ascii: ", ", to: &output) }
                append(member.name, to: &output)
                append(ascii: ": ", to: &output)
                try append(member.value, to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    /// One line of the form that the batch prediction service gives, with the line's end:
    /// `{"study": "…", "series": "…", "instance": "…", "feature_vector": [0.5,-1.25]}`.
    ///
    /// Each number has the fewest digits that read back to the same Float.
    public static func append(_ vector: FeatureVector, to output: inout [UInt8]) throws {
        output.append(UInt8(ascii: "{"))
        for field in vector.key.fields {
            append(field.name, to: &output)
            append(ascii: ": ", to: &output)
            append(field.value, to: &output)
            append(ascii: ", ", to: &output)
        }
        append(ascii: "\"feature_vector\": ", to: &output)
        try append(vector.values, to: &output)
        append(ascii: "}\n", to: &output)
    }

    public static func append(_ values: [Float], to output: inout [UInt8]) throws {
        output.reserveCapacity(output.count + 12 * values.count)
        try appendList(values, to: &output) { value, output in
            guard value.isFinite else { throw notFinite }
            append(ascii: value.description, to: &output)
        }
    }

    private static func append(_ value: Double, to output: inout [UInt8]) throws {
        guard value.isFinite else { throw notFinite }
        append(ascii: value.description, to: &output)
    }

    @inline(__always)
    private static func appendList<Element>(
        _ values: [Element], to output: inout [UInt8], _ append: (Element, inout [UInt8]) throws -> Void
    ) throws {
        output.append(UInt8(ascii: "["))
        for index in values.indices {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            try append(values[index], &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    /// A string in quotes; characters beyond ASCII stay as they are.
    public static func append(_ text: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { bytes in
            var clean = 0
            for index in bytes.indices {
                let byte = bytes[index]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                output.append(contentsOf: bytes[clean..<index])
                appendEscape(byte, to: &output)
                clean = index + 1
            }
            output.append(contentsOf: bytes[clean...])
        }
        output.append(UInt8(ascii: "\""))
    }

    private static func appendEscape(_ byte: UInt8, to output: inout [UInt8]) {
        switch byte {
        case 8: append(ascii: "\\b", to: &output)
        case 9: append(ascii: "\\t", to: &output)
        case 10: append(ascii: "\\n", to: &output)
        case 12: append(ascii: "\\f", to: &output)
        case 13: append(ascii: "\\r", to: &output)
        case 0..<0x20: append(ascii: "\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16), to: &output)
        default: output += [UInt8(ascii: "\\"), byte]
        }
    }

    @inline(__always)
    private static func append(ascii text: String, to output: inout [UInt8]) {
        var text = text
        text.withUTF8 { output.append(contentsOf: $0) }
    }

    private static let notFinite = RecordError(
        .notFinite, remedy: "JSON has no infinity and no \"not a number\": look for the step that made it.")
}
