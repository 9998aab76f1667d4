import Database
public import Foundation
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
        try read { transaction in
            let rows = try transaction.all(
                """
                SELECT source, source_sha256, notes, loaded_at, rows FROM lightbox_provenance
                WHERE lower(table_name) = ? ORDER BY id
                """, [table.description.lowercased()])
            return try rows.map { row in
                let (hash, notes): (String?, String) = (try row.get(1), try row.get(2))
                let provenance = Provenance(
                    source: try row.get(0), contentHash: hash.flatMap { ContentHash($0) },
                    notes: (try? JSONDecoder().decode([String: String].self, from: Data(notes.utf8))) ?? [:])
                return LoadRecord(
                    provenance: provenance, loadedAt: Date(timeIntervalSince1970: try row.get(3)),
                    rows: try row.get(4))
            }
        }
    }

    static func forgetLoads(of table: TableName, _ transaction: SQLTransaction) throws {
        try transaction.execute(
            "DELETE FROM lightbox_provenance WHERE lower(table_name) = ?", [table.description.lowercased()])
    }

    static func record(
        _ provenance: Provenance, of table: TableName, rows: Int, at date: Date, _ transaction: SQLTransaction
    ) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let notes = try String(decoding: encoder.encode(provenance.notes), as: UTF8.self)
        try transaction.execute(
            """
            INSERT INTO lightbox_provenance (table_name, source, source_sha256, notes, loaded_at, rows)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                table.description, provenance.source, provenance.contentHash?.description, notes,
                date.timeIntervalSince1970, rows,
            ])
    }
}
