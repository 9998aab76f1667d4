import CPQ
import LightboxCore

extension DatabaseFailure {
    /// What PostgreSQL says of a statement.
    ///
    /// DETAIL and CONTEXT hold a row's values and are never taken, but for the place in a COPY. MESSAGE is taken only of the classes that speak of the
    /// statement or the server; elsewhere, as in `invalid input syntax for type integer: "…"`, it may hold a value.
    init(postgres result: OpaquePointer?, _ pq: cpq_functions, _ place: String) {
        func field(_ code: Int32) -> String? { pq.PQresultErrorField(result, code).map { String(cString: $0) } }
        let state = field(Int32(UInt8(ascii: "C"))) ?? ""
        let message = field(Int32(UInt8(ascii: "M"))) ?? "the server did not answer"
        let name = ["n", "c", "t"].lazy.compactMap { field(Int32($0.utf8.first ?? 0)) }.first
        let subject = name.map { " (\($0))" } ?? ""
        let (code, words): (Code, String) =
            switch state {
            case "23505": (.uniqueViolation, "such a row exists already\(subject)")
            case "23503": (.foreignKeyViolation, "a row that another one needs\(subject)")
            case "40001", "40P01": (.busy, "others are changing the same rows")
            case "55P03": (.busy, "another one holds a lock")
            case "57014": (.cancelled, "the statement took too long or was cancelled")
            case "42P01", "3F000": (.noSuchTable, message)
            case "42703": (.noSuchColumn, message)
            case "25006": (.readOnly, message)
            case "42501": (.unavailable, message)
            // Lightbox's own functions say what is wrong with their arguments.
            case "LBX01": (.wrongType, message)
            case "22003": (.wrongType, "a number is too large for its type")
            case "22012": (.wrongType, "division by zero")
            case "22021": (.wrongType, "a text is not UTF-8, or has a NUL")
            default:
                switch state.prefix(2) {
                case "08", "57", "28", "3D": (.unavailable, message)
                case "53", "54", "58", "XX": (.storage, message)
                case "22": (.wrongType, "a value is not one of its type (SQLSTATE \(state))")
                case "23": (.constraintViolation, "a value is refused\(subject)")
                case "42", "0A", "25", "26", "34": (.invalidSQL, message)
                default: (.invalidSQL, "SQLSTATE \(state)")
                }
            }
        let row = field(Int32(UInt8(ascii: "W"))).flatMap(Self.copiedRow) ?? ""
        self.init(code, "\(place): \(row)\(words).", engineCode: state)
        self.words = words
        position = field(Int32(UInt8(ascii: "P"))).flatMap { Int($0) }
    }

    /// `COPY table, line 7, column name` as `row 7, column name: `. A value would stand behind a colon; without a column
    /// the line is the last of several that are written together.
    private static func copiedRow(_ context: String) -> String? {
        let line = context.split(separator: "\n").first { $0.hasPrefix("COPY ") }
        guard let pieces = line?.prefix(while: { $0 != ":" }).split(separator: ","), pieces.count > 2 else {
            return nil
        }
        let digits = pieces[1].filter(\.isNumber)
        guard !digits.isEmpty else { return nil }
        return "row \(digits),\(pieces[2]): "
    }

    /// Others got in the way; the same transaction may succeed when it is tried again.
    var isWorthARetry: Bool { engineCode == "40001" || engineCode == "40P01" }
}
