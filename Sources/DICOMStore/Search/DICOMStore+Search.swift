public import DICOM
import Foundation
import GRDB
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
        return try pool.read { database in
            var found: [DataSet] = []
            try forEachRow(of: query, result, selecting: result.selection, database) { row in
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
        return try pool.read { database in
            var keys: [Int64] = []
            let selection = "\(result.selection), \(query.level.key)"
            try forEachRow(of: query, result, selecting: selection, database) { keys.append($0[$0.count - 1]) }
            return keys
        }
    }

    private func results(of query: AttributeQuery, _ keys: ArraySlice<Int64>) throws -> [DataSet] {
        let result = SearchResult(query, self)
        let key = query.level.key
        let list = keys.map(\.description).joined(separator: ",")
        let sql =
            "SELECT \(result.selection), \(key) FROM \(query.level.tables) WHERE \(key) IN (\(list)) AND s.store_id = ?"
        return try pool.read { database in
            var found: [Int64: DataSet] = [:]
            let rows = try Row.fetchCursor(database, sql: sql, arguments: [id])
            while let row = try rows.next() { found[row[row.count - 1]] = try result.dataSet(row, database) }
            return keys.compactMap { found[$0] }
        }
    }

    /// Calls `body` with the rows that match, as many as the query wants, behind its offset.
    private func forEachRow(
        of query: AttributeQuery, _ result: SearchResult, selecting columns: String, _ database: Database,
        _ body: (Row) throws -> Void
    ) throws {
        let statement = try SearchStatement(query, store: id, database)
        let isLimited = statement.rest.isEmpty
        var arguments = statement.arguments
        if isLimited { arguments += [query.limit, query.offset] }
        let sql = statement.sql(selecting: columns, limited: isLimited)
        let rows = try Row.fetchCursor(database.cachedStatement(sql: sql), arguments: arguments)
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

extension AttributeQuery.Level {
    /// The column that a result's row goes by.
    fileprivate var key: String {
        switch self {
        case .study: "s.id"
        case .series: "e.id"
        case .instance: "i.id"
        }
    }

    /// Joined from that row upwards.
    fileprivate var tables: String {
        let study = "CROSS JOIN dicom_study s ON s.id = e.study"
        return switch self {
        case .study: "dicom_study s"
        case .series: "dicom_series e \(study)"
        case .instance: "dicom_instance i CROSS JOIN dicom_series e ON e.id = i.series \(study)"
        }
    }
}

/// Turns rows of a search into data sets.
private struct SearchResult {
    let query: AttributeQuery
    let store: DICOMStore
    /// The columns that results need, after those that are always selected.
    private let columns: [IndexColumn]
    private let counted: [(tag: Tag, level: AttributeQuery.Level, sql: String)]
    private let needsAttributes: Bool
    /// Attributes that only an instance's file has.
    private let needsFile: Bool
    let selection: String

    init(_ query: AttributeQuery, _ store: DICOMStore) {
        self.query = query
        self.store = store
        columns = IndexColumn.all.filter { $0.level <= query.level && query.fields.contains($0.tag) }
        counted = IndexColumn.counted.filter { $0.level <= query.level && query.fields.contains($0.tag) }
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
        selection = (names + columns.map(\.sql) + counted.map(\.sql)).joined(separator: ", ")
    }

    /// What is neither a column nor in a file.
    private static let made: Set<Tag> = Set(IndexColumn.counted.map(\.tag)).union([
        .instanceAvailability, .specificCharacterSet, .retrieveURL,
    ])

    func dataSet(_ row: Row, _ database: Database) throws -> DataSet {
        var elements: [Element] = []
        if needsFile, let data = try file(of: row) { elements += Self.inUTF8(data, query.fields).elements }
        if needsAttributes {
            for json in [row[3] as String?, row[4] as String?] {
                guard let json, json.utf8.count > 2 else { continue }
                let kept = try DICOMJSON.decode(Array(json.utf8)).elements
                elements += kept.filter { query.fields.contains($0.tag) }
            }
        }
        var position = 5
        for column in columns {
            if let element = Self.element(column, row, position) { elements.append(element) }
            position += 1
        }
        for count in counted {
            elements.append(Self.counted(count.tag, row, position))
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

    private static func element(_ column: IndexColumn, _ row: Row, _ position: Int) -> Element? {
        if column.kind == .integer {
            guard let value: Int = row[position] else { return nil }
            switch DICOMDictionary.vr(of: column.tag) {
            case .US where UInt16(exactly: value) == nil: return nil
            default: return .int(column.tag, value)
            }
        }
        guard let text: String = row[position] else { return nil }
        return .text(column.tag, text)
    }

    private static func counted(_ tag: Tag, _ row: Row, _ position: Int) -> Element {
        switch tag {
        case .modalitiesInStudy, .sopClassesInStudy: .text(tag, (row[position] as String?) ?? "")
        default: .text(tag, ((row[position] as Int?) ?? 0).description)
        }
    }

    /// All that is known of what a row stands for: of a study and a series, what their first instance says.
    func everything(_ row: Row, _ database: Database, for terms: [AttributeQuery.Term]) throws -> DataSet {
        let isKept = terms.allSatisfy { LevelAttributes.level(of: $0.path[0]).map { $0 <= query.level } ?? false }
        if isKept {
            return try DataSet(
                [row[3] as String?, row[4] as String?].compactMap { $0 }.flatMap {
                    try DICOMJSON.decode(Array($0.utf8)).elements
                } + [.text(.specificCharacterSet, "ISO_IR 192")])
        }
        return try file(of: row, database) ?? DataSet()
    }

    private func file(of row: Row, _ database: Database) throws -> DataSet? {
        if query.level == .instance { return try file(of: row) }
        let isSeries = query.level == .series
        let digest = try Data.fetchOne(
            database.cachedStatement(
                sql:
                    "SELECT i4.content_hash FROM dicom_series e4 JOIN dicom_instance i4 ON i4.series = e4.id WHERE "
                    + (isSeries ? "e4.id = ?" : "e4.study = ?") + " LIMIT 1"),
            arguments: [row[isSeries ? 1 : 0] as Int64])
        return try digest.flatMap { try file(with: $0) }
    }

    private func file(of row: Row) throws -> DataSet? {
        guard let digest = row[2] as Data? else { return nil }
        return try file(with: digest)
    }

    /// nil when it is gone or damaged, which `verify` finds; the search goes on.
    private func file(with digest: Data) throws -> DataSet? {
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
