import LightboxCore
import WireFormats

/// Reads the columns of a CSV by name, and says file, line and column in every error.
struct LabelTableReader {
    let path: String
    let header: [String]
    private let reader: CSVReader

    init(path: String) throws {
        self.path = path
        reader = try CSVReader(path: path)
        header = reader.header
    }

    func next() throws -> CSVRow? { try reader.next() }

    /// The place of a column, whatever its case.
    func column(_ name: String) throws -> Int {
        guard let index = header.firstIndex(where: { $0.lowercased() == name.lowercased() }) else {
            throw DatasetError(
                .missingColumn, path,
                remedy: "There is no column \(name); the columns are \(header.joined(separator: ", ")).")
        }
        return index
    }

    /// The column of each label; every label must have one.
    func columns(of labels: LabelSet) throws -> [Int] {
        let found = labels.columns(among: header)
        let missing = zip(labels.names, found).filter { $0.1 == nil }.map(\.0)
        guard missing.isEmpty else {
            throw DatasetError(
                .missingColumn, path,
                remedy: "There is no column for \(missing.joined(separator: ", ")); the columns are "
                    + "\(header.joined(separator: ", ")). Add an alias to the label set.")
        }
        return found.map { $0! }
    }

    func invalid(_ row: CSVRow, _ column: Int, _ remedy: String) -> DatasetError {
        DatasetError(.invalidValue, "\(path) line \(row.line) column \(header[column])", remedy: remedy)
    }

    /// Appends the raw values of a row's states, in the order of `columns`.
    func appendStates(
        of row: CSVRow, _ columns: [Int], coding: LabelCoding = .findings, to states: inout [UInt8]
    ) throws {
        for column in columns {
            guard let cell = LabelCell(row[column]), let state = coding.state(cell) else {
                throw invalid(row, column, coding.rule)
            }
            states.append(UInt8(state.rawValue))
        }
    }

    /// A text that becomes part of a path: letters, digits, `-`, `_` and `.`, and no `..`.
    func name(_ row: CSVRow, _ column: Int) throws -> String {
        let text = row[column]
        let isPlain = text.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."): true
            default: false
            }
        }
        guard isPlain, !text.isEmpty, !text.contains("..") else {
            throw invalid(row, column, "An identifier has letters, digits, '-', '_' and '.' only.")
        }
        return text
    }
}
