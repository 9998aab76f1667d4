/// Writes comma-separated values (RFC 4180) that ``CSVReader`` and spreadsheets read; appears whole with
/// ``finish()``.
public final class CSVWriter {
    private let file: PendingFile
    private let separator: UInt8
    private let lineEnd: [UInt8]

    /// - Parameter lineEnd: "\n", or "\r\n" for strict readers.
    public init(path: String, header: [String]? = nil, separator: Character = ",", lineEnd: String = "\n") throws {
        guard let byte = separator.asciiValue else { preconditionFailure("the separator is an ASCII character") }
        file = try PendingFile(path: path)
        self.separator = byte
        self.lineEnd = Array(lineEnd.utf8)
        if let header { try append(header) }
    }

    public func append(_ fields: [String]) throws {
        var row: [UInt8] = []
        for (index, field) in fields.enumerated() {
            if index > 0 { row.append(separator) }
            append(field, isAlone: fields.count == 1, to: &row)
        }
        row += lineEnd
        try row.withUnsafeBytes { try file.write($0) }
    }

    public func finish() throws { try file.commit() }

    /// Quotes a field that needs it, so also an empty one that would else be an empty line.
    private func append(_ field: String, isAlone: Bool, to row: inout [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let needsQuotes = field.utf8.contains { $0 == separator || $0 == quote || $0 == 10 || $0 == 13 }
        guard needsQuotes || (isAlone && field.isEmpty) else { return row.append(contentsOf: field.utf8) }
        row.append(quote)
        for byte in field.utf8 {
            if byte == quote { row.append(quote) }
            row.append(byte)
        }
        row.append(quote)
    }
}
