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
        try pool.read { database in
            let statement = try SearchStatement(query, store: id, database)
            let result = SearchResult(query, self)
            let isLimited = statement.rest.isEmpty
            var arguments = statement.arguments
            if isLimited { arguments += [query.limit, query.offset] }
            let sql = statement.sql(selecting: result.selection, limited: isLimited)
            let rows = try Row.fetchCursor(database.cachedStatement(sql: sql), arguments: arguments)
            var found: [DataSet] = []
            var (read, skipped) = (0, 0)
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
                    skipped += 1
                    if skipped <= query.offset { continue }
                }
                found.append(try result.dataSet(row, database))
                if found.count == query.limit { break }
            }
            return found
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
        .instanceAvailability, .specificCharacterSet, Tag(0x0008, 0x1190),
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
                sql: "SELECT i4.content_hash FROM dicom_series e4 JOIN dicom_instance i4 ON i4.series = e4.id WHERE "
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
        return try? DICOMFile(path: store.path(for: hash), options: ReadOptions(stopsBeforePixelData: true)).dataSet
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
