/// A path into a JSON document, as `$.a[0].b`.
enum JSONPath {
    enum Step {
        case member(String)
        case index(Int)
    }

    static func steps(of piece: Piece?, _ place: Place) throws -> [Step] {
        guard let piece else { return [] }
        guard case .string(let text)? = piece.literal else {
            throw GoogleSQLError.unsupported("A JSON path that is not written out", at: piece.place)
        }
        let wrong = GoogleSQLError(.invalid, "Unsupported JSONPath: \(text.prefix(60))", at: piece.place)
        var rest = text[...]
        guard rest.popFirst() == "$" else { throw wrong }
        var steps: [Step] = []
        while let sign = rest.popFirst() {
            switch sign {
            case ".":
                let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
                guard !name.isEmpty else { throw wrong }
                rest = rest.dropFirst(name.count)
                steps.append(.member(String(name)))
            case "[":
                guard let end = rest.firstIndex(of: "]") else { throw wrong }
                let inside = rest[..<end]
                rest = rest[rest.index(after: end)...]
                if let index = Int(inside), index >= 0 {
                    steps.append(.index(index))
                } else if let quote = inside.first, quote == "'" || quote == "\"", inside.last == quote,
                    inside.count > 2,
                    !inside.dropFirst().dropLast().contains(where: { "\"'\\".contains($0) })
                {
                    steps.append(.member(String(inside.dropFirst().dropLast())))
                } else {
                    throw wrong
                }
            default: throw wrong
            }
        }
        return steps
    }
}

extension Translator {
    /// The text of a scalar in a JSON document; NULL for lists, objects and what is not there.
    func jsonText(_ piece: Piece, _ steps: [JSONPath.Step], _ place: Place) throws -> Piece {
        if isPostgres {
            let path = steps.map { step in
                switch step {
                case .member(let name): "\"\(name)\""
                case .index(let index): "\(index)"
                }
            }.joined(separator: ",")
            let quoted = try string("{\(path)}", place)
            let found = "(CAST(\(piece.sql) AS jsonb) #> CAST(\(quoted) AS text[]))"
            let value = "(CAST(\(piece.sql) AS jsonb) #>> CAST(\(quoted) AS text[]))"
            let sql = text("CASE WHEN jsonb_typeof\(found) NOT IN ('object', 'array', 'null') THEN \(value) END")
            return Piece(sql, .string, of: [piece], at: place)
        }
        let path = steps.map { step in
            switch step {
            case .member(let name): ".\"\(name)\""
            case .index(let index): "[\(index)]"
            }
        }.joined()
        let quoted = try string("$\(path)", place)
        let sql =
            "CASE json_type(\(piece.sql), \(quoted)) WHEN 'object' THEN NULL WHEN 'array' THEN NULL WHEN 'true' THEN 'true' "
            + "WHEN 'false' THEN 'false' ELSE CAST(json_extract(\(piece.sql), \(quoted)) AS TEXT) END"
        return Piece(sql, .string, of: [piece], at: place)
    }
}
