/// One row of a CSV file.
public struct CSVRow: Sendable, Equatable {
    /// Of the row's first character, from 1.
    public let line: Int
    public let fields: [String]
    private let columns: [String: Int]

    init(line: Int, fields: [String], columns: [String: Int]) {
        self.line = line
        self.fields = fields
        self.columns = columns
    }

    /// The field under a column's name; nil when the file has no such column.
    public subscript(_ column: String) -> String? { columns[column].map { fields[$0] } }
    public subscript(_ index: Int) -> String { fields[index] }
}

/// Reads comma-separated values (RFC 4180) row by row: quoted fields with commas, quotes and line ends in
/// them, either kind of line end, a byte order mark; plain or gzip.
public final class CSVReader {
    /// The names in the first row; empty when the file was opened without a header.
    public private(set) var header: [String] = []
    private let stream: ByteStream
    private let separator: UInt8
    private let maximumRowBytes: Int
    private var columns: [String: Int] = [:]
    private var buffer: [UInt8] = []
    private var position = 0
    private var isAtEnd = false
    private var line = 1

    /// - Parameters:
    ///   - hasHeader: takes the first row as column names; every other row must then have as many fields.
    ///   - separator: an ASCII character.
    ///   - maximumRowBytes: of one row; 64 MiB unless told.
    public init(
        _ stream: ByteStream, hasHeader: Bool = true, separator: Character = ",", maximumRowBytes: Int = 1 << 26
    ) throws {
        guard let byte = separator.asciiValue else { preconditionFailure("the separator is an ASCII character") }
        self.stream = stream
        self.separator = byte
        self.maximumRowBytes = maximumRowBytes
        while try buffer.count < 3 && stream.read(into: &buffer) {}
        if buffer.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
        guard hasHeader, let first = try fields() else { return }
        header = first
        columns = Dictionary(zip(first, first.indices), uniquingKeysWith: { first, _ in first })
    }

    public convenience init(path: String, hasHeader: Bool = true, separator: Character = ",") throws {
        try self.init(ByteStream(path: path), hasHeader: hasHeader, separator: separator)
    }

    /// The next row; nil at the end. Lines with nothing in them are passed over.
    ///
    /// - Throws: ``RecordError`` naming the line.
    public func next() throws -> CSVRow? {
        var start = line
        while let fields = try fields() {
            if fields == [""] && header.count != 1 {
                start = line
                continue
            }
            guard header.isEmpty || fields.count == header.count else {
                throw malformed("it has \(fields.count) fields, the header has \(header.count)", line: start)
            }
            return CSVRow(line: start, fields: fields, columns: columns)
        }
        return nil
    }

    /// The fields up to the row's end; nil at the end of the file.
    private func fields() throws -> [String]? {
        guard try peek() != nil else { return nil }
        var fields: [String] = []
        var bytes = 0
        while true {
            let field = try peek() == UInt8(ascii: "\"") ? quoted(&bytes) : plain(&bytes)
            guard let text = String(validating: field, as: UTF8.self) else {
                throw malformed("it is not UTF-8; convert the file")
            }
            fields.append(text)
            guard try peek() == separator else { break }
            position += 1
            // A separator costs a byte of the limit too: a row of commas alone is not free.
            bytes += 32
        }
        try endRow()
        return fields
    }

    private func plain(_ total: inout Int) throws -> [UInt8] {
        var field: [UInt8] = []
        while let byte = try peek(), byte != separator, byte != 10, byte != 13 {
            try append(to: &field, &total) { [separator] in $0 != separator && $0 != 10 && $0 != 13 }
        }
        return field
    }

    private func quoted(_ total: inout Int) throws -> [UInt8] {
        let start = line
        var field: [UInt8] = []
        position += 1
        while let byte = try peek() {
            if byte == UInt8(ascii: "\"") {
                position += 1
                guard try peek() == byte else { return try closed(field) }
            } else if byte == 10 {
                line += 1
            }
            try append(to: &field, &total) { $0 != UInt8(ascii: "\"") && $0 != 10 }
        }
        throw malformed("a quoted field does not end", line: start)
    }

    private func closed(_ field: [UInt8]) throws -> [UInt8] {
        guard let byte = try peek(), byte != separator, byte != 10, byte != 13 else { return field }
        throw malformed("text stands behind a closing quote")
    }

    /// Takes the byte here, whatever it is, and those behind it that belong to the field too.
    @inline(__always)
    private func append(to field: inout [UInt8], _ total: inout Int, while belongs: (UInt8) -> Bool) throws {
        let end = buffer.withUnsafeBufferPointer { bytes in
            var end = position + 1
            while end < bytes.count, belongs(bytes[end]) { end += 1 }
            return end
        }
        field.append(contentsOf: buffer[position..<end])
        total += end - position
        position = end
        guard total <= maximumRowBytes else {
            throw RecordError(.limitExceeded, file: stream.name, remedy: "Line \(line): the row is too long.")
        }
    }

    private func endRow() throws {
        if try peek() == 13 { position += 1 }
        if try peek() == 10 { position += 1 }
        line += 1
    }

    @inline(__always) private func peek() throws -> UInt8? {
        if position < buffer.count { return buffer[position] }
        return try refill() ? buffer[position] : nil
    }

    private func refill() throws -> Bool {
        guard !isAtEnd else { return false }
        buffer.removeAll(keepingCapacity: true)
        position = 0
        isAtEnd = try !stream.read(into: &buffer)
        return !isAtEnd
    }

    private func malformed(_ what: String, line: Int? = nil) -> RecordError {
        RecordError(.malformedCSV, file: stream.name, remedy: "Line \(line ?? self.line): \(what).")
    }
}
