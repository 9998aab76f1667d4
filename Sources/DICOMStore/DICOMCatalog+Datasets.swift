public import Foundation
import GRDB

extension DICOMCatalog {
    /// Makes a dataset without stores.
    ///
    /// - Throws: ``DICOMStoreError`` `datasetExists`, or `invalidName` for a name that is no part of a store's.
    @discardableResult
    public func createDataset(
        _ name: String, _ settings: DICOMDataset.Settings = DICOMDataset.Settings(), at date: Date
    ) throws -> DICOMDataset {
        guard DICOMStoreName.isUsable(name) else {
            throw DICOMStoreError(
                .invalidName, "This is no dataset's name. Use letters, digits, '_', '-' and '.', 200 at most.")
        }
        guard try pool.write({ try Self.insertDataset(name, settings, at: date, $0) }) else {
            throw DICOMStoreError(.datasetExists, "There is a dataset '\(name)' already.")
        }
        return try dataset(name)
    }

    /// - Throws: ``DICOMStoreError`` `noSuchDataset`.
    public func dataset(_ name: String) throws -> DICOMDataset { try pool.read { try Self.dataset(name, $0) } }

    /// In the order of their names.
    public func datasets() throws -> [DICOMDataset] {
        try pool.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM dicom_dataset ORDER BY name").map(Self.dataset)
        }
    }

    /// Changes a dataset's settings.
    ///
    /// - Parameter change: gets the settings as they stand.
    public func changeDataset(
        _ name: String, _ change: (inout DICOMDataset.Settings) throws -> Void
    ) throws -> DICOMDataset {
        try pool.write { database in
            var settings = try Self.dataset(name, database).settings
            try change(&settings)
            try database.execute(
                sql: "UPDATE dicom_dataset SET settings = ? WHERE name = ?",
                arguments: [try Self.text(settings), name])
            return try Self.dataset(name, database)
        }
    }

    /// Removes a dataset with its stores, their instances and files.
    ///
    /// - Returns: the stores that went with it.
    @discardableResult
    public func deleteDataset(_ name: String) throws -> [DICOMStoreName] {
        let stores = try pool.write { database in
            _ = try Self.dataset(name, database)
            let stores = try String.fetchAll(
                database, sql: "SELECT name FROM dicom_store WHERE dataset = ? ORDER BY name", arguments: [name]
            ).map { try DICOMStoreName(dataset: name, store: $0) }
            for store in stores { _ = try Self.forget(store, database) }
            try database.execute(sql: "DELETE FROM dicom_dataset WHERE name = ?", arguments: [name])
            return stores
        }
        try removeForgotten()
        return stores
    }
}

extension DICOMCatalog {
    /// - Returns: whether there was none of this name.
    @discardableResult
    static func insertDataset(
        _ name: String, _ settings: DICOMDataset.Settings, at date: Date, _ database: Database
    ) throws -> Bool {
        try database.execute(
            sql: "INSERT INTO dicom_dataset (name, settings, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            arguments: [name, try text(settings), date.timeIntervalSince1970])
        return database.changesCount == 1
    }

    private static func dataset(_ name: String, _ database: Database) throws -> DICOMDataset {
        let row = try Row.fetchOne(
            database, sql: "SELECT * FROM dicom_dataset WHERE name = ?", arguments: [name])
        guard let row else {
            throw DICOMStoreError(.noSuchDataset, "There is no dataset '\(name.prefix(256))'.")
        }
        return try dataset(row)
    }

    private static func dataset(_ row: Row) throws -> DICOMDataset {
        DICOMDataset(
            name: row["name"], settings: try value(row["settings"]),
            created: (row["created"] as Double?).map { Date(timeIntervalSince1970: $0) })
    }

    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func value<Value: Decodable>(_ text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw DICOMStoreError(
                .catalogUnusable, "A row of catalog.db cannot be read. A newer Lightbox may have written it.")
        }
    }
}
