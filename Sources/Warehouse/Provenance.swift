public import Foundation
import GRDB
public import LightboxCore

/// Where the rows of a table came from.
public struct Provenance: Sendable, Hashable, Codable {
    /// A file, a DICOM store, a query.
    public var source: String
    /// Of the source's bytes, where it is a file.
    public var contentHash: ContentHash?
    /// What else is known: network, weights (SHA-256), preprocessing, precision.
    public var notes: [String: String]

    public init(source: String, contentHash: ContentHash? = nil, notes: [String: String] = [:]) {
        self.source = source
        self.contentHash = contentHash
        self.notes = notes
    }
}

/// One load that a table's rows come from; a table that was appended to has several.
public struct LoadRecord: Sendable, Hashable {
    public let provenance: Provenance
    public let loadedAt: Date
    public let rows: Int
}

extension Warehouse {
    /// The loads that made a table, oldest first.
    public func history(of table: TableName) throws -> [LoadRecord] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT source, source_sha256, notes, loaded_at, rows FROM lightbox_provenance
                    WHERE table_name = ? COLLATE NOCASE ORDER BY id
                    """, arguments: [table.description])
            return rows.map { row in
                let notes: String = row["notes"]
                let hash: String? = row["source_sha256"]
                let provenance = Provenance(
                    source: row["source"], contentHash: hash.flatMap { ContentHash($0) },
                    notes: (try? JSONDecoder().decode([String: String].self, from: Data(notes.utf8))) ?? [:])
                return LoadRecord(
                    provenance: provenance, loadedAt: Date(timeIntervalSince1970: row["loaded_at"]),
                    rows: row["rows"])
            }
        }
    }

    static func createProvenance(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS lightbox_provenance (
                    id INTEGER PRIMARY KEY, table_name TEXT NOT NULL, source TEXT NOT NULL, source_sha256 TEXT,
                    notes TEXT NOT NULL, loaded_at REAL NOT NULL, rows INTEGER NOT NULL)
                """)
    }

    static func record(
        _ provenance: Provenance, of table: TableName, rows: Int, at date: Date, _ database: Database
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let notes = try String(decoding: encoder.encode(provenance.notes), as: UTF8.self)
        try database.execute(
            sql: """
                INSERT INTO lightbox_provenance (table_name, source, source_sha256, notes, loaded_at, rows)
                VALUES (?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                table.description, provenance.source, provenance.contentHash?.description, notes,
                date.timeIntervalSince1970, rows,
            ])
    }
}
