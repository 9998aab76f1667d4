import DICOM
import Database
import LightboxCore

extension SearchStatement {
    typealias Terms = (conditions: [String], arguments: SQLArguments)

    /// Adds the condition that a column matches.
    func add(_ column: IndexColumn, _ match: ValueMatch, to terms: Terms) throws -> Terms {
        var (conditions, arguments) = terms
        switch match {
        case .everything: break
        case .equal(let value) where column.kind == .time:
            conditions.append("\(column.sql) >= ? AND \(column.sql) < ?")
            arguments += [value, value + ":"]
        case .equal(let value):
            conditions.append("\(column.sql) = ?")
            arguments.append(
                column.kind == .integer ? try Self.integer(value, column).columnValue : .text(value))
        case .oneOf(let values):
            conditions.append("\(column.sql) IN (\(values.map { _ in "?" }.joined(separator: ",")))")
            arguments += SQLArguments(values: values.map { .text($0) })
        case .pattern(let pattern):
            if column.kind == .integer { _ = try Self.integer(pattern, column) }
            let prefix = pattern.prefix { $0 != "*" && $0 != "?" }
            if !prefix.isEmpty {
                conditions.append("\(column.sql) >= ? AND \(column.sql) < ?")
                arguments += [String(prefix), prefix + "\u{10FFFF}"]
            }
            conditions.append(dialect.matches(column.sql))
            arguments += [dialect.pattern(pattern)]
        case .range(let lower, let upper):
            if let lower {
                conditions.append("\(column.sql) >= ?")
                arguments += [lower]
            } else {
                conditions.append("\(column.sql) > ''")
            }
            if let upper {
                conditions.append("\(column.sql) < ?")
                arguments += [upper + ":"]
            }
        }
        return (conditions, arguments)
    }

    private static func integer(_ value: String, _ column: IndexColumn) throws -> Int {
        guard let number = Int(value) else {
            throw DICOMStoreError(.invalidQuery, "\(column.tag): a whole number is needed to search by it.")
        }
        return number
    }

    mutating func addPerson(_ column: IndexColumn, _ match: ValueMatch, _ value: String) {
        var words: Terms = ([], [])
        let folded = PersonWords.folded(value)
        if query.isFuzzy {
            for word in PersonWords.words(of: folded) {
                words.conditions.append("(n.word >= ? AND n.word < ?)")
                words.arguments += [word, word + "\u{10FFFF}"]
            }
            if words.conditions.isEmpty { words.conditions = ["1 = 0"] }
        } else if case .pattern(let pattern) = match {
            let whole = "=" + PersonWords.folded(pattern)
            let prefix = String(whole.prefix { $0 != "*" && $0 != "?" })
            words.conditions.append("(n.word >= ? AND n.word < ? AND \(dialect.matches("n.word")))")
            words.arguments += [prefix, prefix + "\u{10FFFF}", dialect.pattern(whole)]
        } else {
            // With several component groups each has to be one of the name's.
            for group in folded.split(separator: "=") {
                words.conditions.append("n.word = ?")
                words.arguments += ["=" + PersonWords.whole(String(group))]
            }
            if words.conditions.isEmpty { words.conditions = ["1 = 0"] }
        }
        let role = column.tag == .patientName ? 0 : 1
        conditions.append(
            dialect.isIn(
                "s.id",
                "SELECT n.study FROM dicom_name n WHERE n.store_id = ? AND n.role = \(role) "
                    + "AND (\(words.conditions.joined(separator: " OR ")))"))
        arguments += [store]
        arguments += words.arguments
    }

    /// Attributes of a lower level than the results': one child has to have all of them.
    mutating func addBelow(
        _ below: [(column: IndexColumn, match: ValueMatch)], _ database: SQLTransaction
    ) throws {
        guard !below.isEmpty else { return }
        var terms: Terms = ([], [])
        for (column, match) in below { terms = try add(column, match, to: terms) }
        let needsInstances = below.contains { $0.column.level == .instance }
        let condition = terms.conditions.joined(separator: " AND ").replacing("e.", with: "e3.").replacing(
            "i.", with: "i3.")
        if query.level == .series {
            conditions.append("EXISTS (SELECT 1 FROM dicom_instance i3 WHERE i3.series = e.id AND \(condition))")
            arguments += terms.arguments
            return
        }
        let joined = needsInstances ? " JOIN dicom_instance i3 ON i3.series = e3.id" : ""
        let selection = "FROM dicom_series e3\(joined) WHERE \(condition)"
        // Few children: begin with them. Many: the first page fills soon however one walks.
        let isIndexed = below.contains {
            $0.match.isNarrow && [.modality, .seriesInstanceUID].contains($0.column.tag)
        }
        if isIndexed, try areFew(selection, terms, database) {
            conditions.append(dialect.isIn("s.id", "SELECT e3.study \(selection)"))
            if case .study(.any, _) = start { start = .study(.byNumber, order: "s.id") }
        } else if below.contains(where: { $0.match.isNarrow && $0.column.tag == .sopInstanceUID }) {
            conditions.append(
                dialect.isIn(
                    "s.id",
                    "SELECT e3.study FROM dicom_instance i3 \(dialect.join) dicom_series e3 ON e3.id = i3.series "
                        + "WHERE i3.store_id = \(store) AND \(condition)"))
            if case .study(.any, _) = start { start = .study(.byNumber, order: "s.id") }
        } else {
            conditions.append("EXISTS (SELECT 1 \(selection) AND e3.study = s.id)")
        }
        arguments += terms.arguments
    }
}
