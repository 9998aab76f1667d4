import Warehouse
import WireFormats

/// The rows of a CSV file with a header. A field is a number when it reads as one, NULL when it is empty, otherwise
/// text.
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
        // Names such as "inf" and identifiers with leading zeros stay text.
        let isNumberLike = (48...57).contains(first) || first == UInt8(ascii: "-") || first == UInt8(ascii: ".")
        let hasLeadingZero =
            field.utf8.count > 1 && first == 48 && field.utf8.dropFirst().first != UInt8(ascii: ".")
        guard isNumberLike, !hasLeadingZero else { return .text(field) }
        if let integer = Int64(field) { return .integer(integer) }
        if let real = Double(field), real.isFinite { return .real(real) }
        return .text(field)
    }
}
