extension Translator {
    func cast(_ piece: Piece, _ name: TypeName, isSafe: Bool, _ place: Place) throws -> Piece {
        guard let type = DataType(name.word), name.element == nil else {
            let remedy =
                ["NUMERIC", "BIGNUMERIC", "DECIMAL", "BIGDECIMAL"].contains(name.word) ? "write FLOAT64" : ""
            throw GoogleSQLError.unsupported("The type \(name.word)", remedy, at: name.place)
        }
        guard let sql = conversion(of: piece, to: type, isSafe: isSafe) else {
            throw GoogleSQLError(.invalid, "Invalid cast from \(piece.type) to \(type)", at: place)
        }
        return Piece(sql, type, of: [piece], at: place)
    }

    /// nil where the types do not allow it.
    func conversion(of piece: Piece, to type: DataType, isSafe: Bool = false) -> String? {
        let value = piece.sql
        let safe = isPostgres ? (isSafe ? "TRUE" : "FALSE") : (isSafe ? "1" : "0")
        switch (piece.type, type) {
        case (.null, _): return isPostgres ? "CAST(NULL AS \(postgres(type)))" : "NULL"
        case (let one, let two) where one == two: return value
        case (.int64, .float64): return real(piece)
        case (.string, .int64), (.float64, .int64): return "lightbox_to_int(\(value), \(safe))"
        case (.string, .float64): return "lightbox_to_float(\(value), \(safe))"
        case (.string, .bool): return "lightbox_to_bool(\(value), \(safe))"
        case (.bool, .int64): return "CASE WHEN \(value) THEN 1 WHEN NOT \(value) THEN 0 END"
        case (.int64, .bool): return "(\(value) <> 0)"
        case (.bool, .string): return "CASE WHEN \(value) THEN 'true' WHEN NOT \(value) THEN 'false' END"
        case (.int64, .string): return text("CAST(\(value) AS TEXT)")
        case (.float64, .string): return text("lightbox_to_text(\(value))")
        case (.date, .string): return value
        case (.datetime, .string): return value
        case (.timestamp, .string): return text("(\(value) || '+00')")
        case (.string, .date), (.string, .datetime), (.string, .timestamp):
            return text("lightbox_to_time(\(value), '\(type)', \(safe))")
        case (.datetime, .date), (.timestamp, .date): return text("substr(\(value), 1, 10)")
        case (.date, .datetime), (.date, .timestamp): return text("(\(value) || ' 00:00:00')")
        case (.datetime, .timestamp), (.timestamp, .datetime): return value
        default: return nil
        }
    }

    /// What PostgreSQL made of other things than columns, compared by its bytes like these.
    func text(_ sql: String) -> String { isPostgres ? "(\(sql) COLLATE \"C\")" : sql }
}
