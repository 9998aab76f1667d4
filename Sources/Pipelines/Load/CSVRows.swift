import Warehouse
import WireFormats

/// The rows of a CSV file with a header. A field is a number when it reads as one, a vector when it is a list of numbers as
/// PostgreSQL writes it (`{0.5,1}`), NULL when it is empty, otherwise text.
struct CSVRows: RowSource {
    let path: String

    func forEachRow(_ body: (TableRow, Int) throws -> Void) throws {
        let reader = try CSVReader(path: path)
        while let row = try reader.next() {
            let cells = zip(reader.header, row.fields).map { TableRow.Cell($0, Self.value($1)) }
            try body(TableRow(cells), row.line)
        }
    }

    private static func value(_ field: String) -> SQLValue {
        guard let first = field.utf8.first else { return .null }
        if first == UInt8(ascii: "{"), let vector = vector(field) { return .vector(vector) }
        // Names such as "inf" and identifiers with leading zeros stay text.
        let isNumberLike = (48...57).contains(first) || first == UInt8(ascii: "-") || first == UInt8(ascii: ".")
        let hasLeadingZero =
            field.utf8.count > 1 && first == 48 && field.utf8.dropFirst().first != UInt8(ascii: ".")
        guard isNumberLike, !hasLeadingZero else { return .text(field) }
        if let integer = Int64(field) { return .integer(integer) }
        if let real = Double(field), real.isFinite { return .real(real) }
        return .text(field)
    }

    /// Also what one list of JSON holds, when its brackets are changed.
    private static func vector(_ field: String) -> [Float]? {
        var bytes = Array(field.utf8)
        guard bytes.count > 2, bytes.last == UInt8(ascii: "}") else { return nil }
        (bytes[0], bytes[bytes.count - 1]) = (UInt8(ascii: "["), UInt8(ascii: "]"))
        let numbers = bytes.withUnsafeBytes { try? JSONValue(parsing: $0) }?.floats
        return numbers.flatMap { $0.allSatisfy(\.isFinite) ? $0 : nil }
    }
}
