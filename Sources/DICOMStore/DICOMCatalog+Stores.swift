import Foundation
import GRDB
import LightboxCore

extension DICOMCatalog {
    /// Makes a store in a dataset that is there.
    ///
    /// - Throws: ``DICOMStoreError`` `storeExists` or `noSuchDataset`.
    public func createStore(
        _ name: DICOMStoreName, _ settings: DICOMStoreSettings = DICOMStoreSettings()
    ) throws -> DICOMStore {
        _ = try dataset(name.dataset)
        guard try pool.write({ try insertStore(name, settings, $0) }) else {
            throw DICOMStoreError(.storeExists, "There is a DICOM store '\(name)' already.")
        }
        return try store(name)
    }

    /// The names and settings of a dataset's stores, in the order of the names.
    ///
    /// - Throws: ``DICOMStoreError`` `noSuchDataset`.
    public func stores(of dataset: String) throws -> [(name: DICOMStoreName, settings: DICOMStoreSettings)] {
        _ = try self.dataset(dataset)
        return try pool.read { database in
            try Row.fetchAll(
                database, sql: "SELECT name, settings FROM dicom_store WHERE dataset = ? ORDER BY name",
                arguments: [dataset]
            ).map { (try DICOMStoreName(dataset: dataset, store: $0["name"]), try Self.value($0["settings"])) }
        }
    }

    /// - Throws: ``DICOMStoreError`` `noSuchStore`.
    public func settings(of name: DICOMStoreName) throws -> DICOMStoreSettings {
        try pool.read { try Self.settings(of: name, $0) }
    }

    /// Changes a store's settings.
    ///
    /// - Parameter change: gets the settings as they stand.
    public func changeSettings(
        of name: DICOMStoreName, _ change: (inout DICOMStoreSettings) throws -> Void
    ) throws -> DICOMStoreSettings {
        try pool.write { database in
            var settings = try Self.settings(of: name, database)
            try change(&settings)
            try database.execute(
                sql: "UPDATE dicom_store SET settings = ? WHERE dataset = ? AND name = ?",
                arguments: [try Self.text(settings), name.dataset, name.store])
            return settings
        }
    }

    /// Removes a store with all its instances, then their files.
    public func delete(_ name: DICOMStoreName) throws {
        try forget(name)
        try removeForgotten()
    }

    /// Its first half, for tests of a crash in between.
    package func forget(_ name: DICOMStoreName) throws {
        guard try pool.write({ try Self.forget(name, $0) }) else { throw Self.missing(name) }
    }
}

extension DICOMCatalog {
    /// - Returns: whether there was none of this name.
    @discardableResult
    func insertStore(
        _ name: DICOMStoreName, _ settings: DICOMStoreSettings, _ database: Database
    ) throws -> Bool {
        guard try Self.row(of: name, database) == nil else { return false }
        try setForgottenAside(database)
        try database.execute(sql: "UPDATE dicom_store_number SET last = last + 1")
        try database.execute(
            sql:
                "INSERT INTO dicom_store (id, dataset, name, settings) SELECT last, ?, ?, ? FROM dicom_store_number",
            arguments: [name.dataset, name.store, try Self.text(settings)])
        return true
    }

    static func settings(of name: DICOMStoreName, _ database: Database) throws -> DICOMStoreSettings {
        guard let row = try row(of: name, database) else { throw missing(name) }
        return try value(row["settings"])
    }

    private static func row(of name: DICOMStoreName, _ database: Database) throws -> Row? {
        try Row.fetchOne(
            database, sql: "SELECT id, settings FROM dicom_store WHERE dataset = ? AND name = ?",
            arguments: [name.dataset, name.store])
    }

    private static func missing(_ name: DICOMStoreName) -> DICOMStoreError {
        DICOMStoreError(.noSuchStore, "There is no DICOM store '\(name)'.")
    }
}
