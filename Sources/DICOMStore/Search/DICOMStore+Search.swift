public import DICOM
import Database
import Foundation
import LightboxCore

extension DICOMStore {
    /// Data sets that are read, and not only looked up, to answer one search.
    static let mostReadPerSearch = 100_000

    /// Finds studies, series or instances by their attributes.
    ///
    /// Each result holds the attributes asked for that the store knows, its texts in UTF-8. Attributes with an index
    /// column are found in SQL; any other is looked for in the data sets of what SQL has left.
    ///
    /// - Throws: ``DICOMStoreError`` when a value is of the wrong kind, or when too many data sets would have to be
    ///   read.
    public func search(_ query: AttributeQuery) throws -> [DataSet] {
        let result = SearchResult(query, self)
        return try catalog.read { database in
            var found: [DataSet] = []
            try forEachRow(of: query, result, selecting: result.selection(database.dialect), database) { row in
                found.append(try result.dataSet(row, database))
            }
            return found
        }
    }

    /// The same, one match after another with a page in memory. The index is not held while `body` is at work, which
    /// may wait for others.
    ///
    /// Which rows match is found out in one look at the index. What has come since is not met, what has gone is left out.
    public func search(_ query: AttributeQuery, _ body: (DataSet) throws -> Void) throws {
        let keys = try keys(of: query)
        for start in stride(from: 0, to: keys.count, by: 1000) {
            let page = try results(of: query, keys[start..<min(start + 1000, keys.count)])
            for match in page { try body(match) }
        }
    }

    private func keys(of query: AttributeQuery) throws -> [Int64] {
        var query = query
        query.fields = .tags([])
        let result = SearchResult(query, self)
        return try catalog.read { database in
            var keys: [Int64] = []
            let selection = "\(result.selection(database.dialect)), \(query.level.key)"
            try forEachRow(of: query, result, selecting: selection, database) { row in
                keys.append(try row.get(row.columns.names.count - 1))
            }
            return keys
        }
    }

    private func results(of query: AttributeQuery, _ keys: ArraySlice<Int64>) throws -> [DataSet] {
        let result = SearchResult(query, self)
        let key = query.level.key
        return try catalog.read { database in
            let dialect = database.dialect
            let rows = try database.cursor(
                """
                SELECT \(result.selection(dialect)), \(key) FROM \(query.level.tables(dialect))
                WHERE \(dialect.isAmong(key, type: "INTEGER")) AND s.store_id = ?
                """, [dialect.list(keys), id], expecting: keys.count)
            var found: [Int64: DataSet] = [:]
            while let row = try rows.next() {
                found[try row.get(row.columns.names.count - 1)] = try result.dataSet(row, database)
            }
            return keys.compactMap { found[$0] }
        }
    }

    /// Calls `body` with the rows that match, as many as the query wants, behind its offset.
    private func forEachRow(
        of query: AttributeQuery, _ result: SearchResult, selecting columns: String,
        _ database: SQLTransaction, _ body: (SQLRow) throws -> Void
    ) throws {
        let statement = try SearchStatement(query, store: id, database)
        let isLimited = statement.rest.isEmpty
        var arguments = statement.arguments
        if isLimited { arguments += [query.limit, query.offset] }
        let sql = statement.sql(selecting: columns, limited: isLimited)
        let rows = try database.cursor(sql, arguments, expecting: isLimited ? query.limit : nil)
        var (read, matched) = (0, 0)
        let match = DataSetMatch(terms: statement.rest, isFuzzy: query.isFuzzy)
        while let row = try rows.next() {
            if !isLimited {
                read += 1
                guard read <= Self.mostReadPerSearch else {
                    throw DICOMStoreError(
                        .tooBroad,
                        "An attribute that is not in the index is looked for in too many data sets. "
                            + "Add a date, a patient or a study to the search.")
                }
                guard match.matches(try result.everything(row, database, for: statement.rest)) else { continue }
                matched += 1
                if matched <= query.offset { continue }
            }
            try body(row)
            if !isLimited && matched - query.offset == query.limit { break }
        }
    }
}

/// Turns rows of a search into data sets.
private struct SearchResult {
    let query: AttributeQuery
    let store: DICOMStore
    /// The columns that results need, after those that are always selected.
    private let columns: [IndexColumn]
    private let counted: [IndexCount]
    private let needsAttributes: Bool
    /// Attributes that only an instance's file has.
    private let needsFile: Bool
    private let names: [String]

    init(_ query: AttributeQuery, _ store: DICOMStore) {
        self.query = query
        self.store = store
        columns = IndexColumn.all.filter { $0.level <= query.level && query.fields.contains($0.tag) }
        counted = IndexCount.all.filter { $0.level <= query.level && query.fields.contains($0.tag) }
        switch query.fields {
        case .all: (needsAttributes, needsFile) = (true, query.level == .instance)
        case .tags(let tags):
            let others = tags.filter { IndexColumn.byTag[$0] == nil && !Self.made.contains($0) }
            needsAttributes = others.contains { LevelAttributes.level(of: $0) != nil }
            needsFile = query.level == .instance && others.contains { LevelAttributes.level(of: $0) == nil }
        }
        let hasRest = query.terms.contains { $0.path.count > 1 || IndexColumn.byTag[$0.path[0]] == nil }
        var names = ["s.id", query.level >= .series ? "e.id" : "NULL"]
        names.append(query.level == .instance && (needsFile || hasRest) ? "i.content_hash" : "NULL")
        names.append(needsAttributes || hasRest ? "s.attributes" : "NULL")
        names.append((needsAttributes || hasRest) && query.level >= .series ? "e.attributes" : "NULL")
        self.names = names + columns.map(\.sql)
    }

    func selection(_ dialect: IndexDialect) -> String {
        (names + counted.map { $0.sql(dialect) }).joined(separator: ", ")
    }

    /// What is neither a column nor in a file.
    private static let made: Set<Tag> = Set(IndexCount.all.map(\.tag)).union([
        .instanceAvailability, .specificCharacterSet, .retrieveURL,
    ])

    func dataSet(_ row: SQLRow, _ database: SQLTransaction) throws -> DataSet {
        var elements: [Element] = []
        if needsFile, let data = try file(of: row) { elements += Self.inUTF8(data, query.fields).elements }
        if needsAttributes {
            for json in try [row.get(3, as: String?.self), row.get(4, as: String?.self)] {
                guard let json, json.utf8.count > 2 else { continue }
                let kept = try DICOMJSON.decode(Array(json.utf8)).elements
                elements += kept.filter { query.fields.contains($0.tag) }
            }
        }
        var position = 5
        for column in columns {
            if let element = try Self.element(column, row, position) { elements.append(element) }
            position += 1
        }
        for count in counted {
            elements.append(try Self.counted(count.tag, row, position))
            position += 1
        }
        if query.fields.contains(.specificCharacterSet) {
            elements.append(.text(.specificCharacterSet, "ISO_IR 192"))
        }
        if query.fields.contains(.instanceAvailability) {
            elements.append(.text(.instanceAvailability, "ONLINE", vr: .CS))
        }
        return DataSet(elements)
    }

    private static func element(_ column: IndexColumn, _ row: SQLRow, _ position: Int) throws -> Element? {
        if column.kind == .integer {
            guard let value = try row.get(position, as: Int?.self) else { return nil }
            switch DICOMDictionary.vr(of: column.tag) {
            case .US where UInt16(exactly: value) == nil: return nil
            default: return .int(column.tag, value)
            }
        }
        return try row.get(position, as: String?.self).map { .text(column.tag, $0) }
    }

    private static func counted(_ tag: Tag, _ row: SQLRow, _ position: Int) throws -> Element {
        switch tag {
        case .modalitiesInStudy, .sopClassesInStudy: .text(tag, try row.get(position, as: String?.self) ?? "")
        default: .text(tag, try row.get(position, as: Int.self).description)
        }
    }

    /// All that is known of what a row stands for: of a study and a series, what their first instance says.
    func everything(_ row: SQLRow, _ database: SQLTransaction, for terms: [AttributeQuery.Term]) throws -> DataSet
    {
        let isKept = terms.allSatisfy { LevelAttributes.level(of: $0.path[0]).map { $0 <= query.level } ?? false }
        if isKept {
            return try DataSet(
                [row.get(3, as: String?.self), row.get(4, as: String?.self)].compactMap(\.self).flatMap {
                    try DICOMJSON.decode(Array($0.utf8)).elements
                } + [.text(.specificCharacterSet, "ISO_IR 192")])
        }
        return try file(of: row, database) ?? DataSet()
    }

    private func file(of row: SQLRow, _ database: SQLTransaction) throws -> DataSet? {
        if query.level == .instance { return try file(of: row) }
        let isSeries = query.level == .series
        let digest: [UInt8]? = try database.scalar(
            "SELECT i4.content_hash FROM dicom_series e4 JOIN dicom_instance i4 ON i4.series = e4.id WHERE "
                + (isSeries ? "e4.id = ?" : "e4.study = ?") + " LIMIT 1",
            [row.get(isSeries ? 1 : 0, as: Int64.self)])
        return digest.flatMap { file(with: $0) }
    }

    private func file(of row: SQLRow) throws -> DataSet? {
        try row.get(2, as: [UInt8]?.self).flatMap { file(with: $0) }
    }

    /// nil when it is gone or damaged, which `verify` finds; the search goes on.
    private func file(with digest: [UInt8]) -> DataSet? {
        guard let hash = ContentHash(digest: digest) else { return nil }
        return try? DICOMFile(path: store.path(for: hash), options: ReadOptions(stopsBeforePixelData: true))
            .dataSet
    }

    /// The attributes asked for, but for binary ones, with texts as UTF-8.
    private static func inUTF8(_ data: DataSet, _ fields: AttributeQuery.Fields) -> DataSet {
        var selection = DataSet(data.elements.filter { fields.contains($0.tag) && !$0.isBinary })
        selection[.specificCharacterSet] = data[.specificCharacterSet]
        let options = DICOMJSON.EncodeOptions(inlineLimit: 0, bulkDataURI: { $0 })
        return (try? DICOMJSON.decode(DICOMJSON.encode(selection, options: options))) ?? DataSet()
    }
}

extension Element {
    fileprivate var isBinary: Bool {
        switch vr {
        case .OB, .OD, .OF, .OL, .OV, .OW, .UN: true
        default: false
        }
    }
}
