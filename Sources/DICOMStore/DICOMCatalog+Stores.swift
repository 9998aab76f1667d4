import Database
import Foundation
import LightboxCore

extension DICOMCatalog {
    /// Makes a store in a dataset that is there.
    ///
    /// - Throws: ``DICOMStoreError`` `storeExists` or `noSuchDataset`.
    public func createStore(
        _ name: DICOMStoreName, _ settings: DICOMStoreSettings = DICOMStoreSettings()
    ) throws -> DICOMStore {
        let isNew = try write { database in
            try Self.lock(database)
            _ = try Self.dataset(name.dataset, database)
            return try insertStore(name, settings, database)
        }
        guard isNew else { throw DICOMStoreError(.storeExists, "There is a DICOM store '\(name)' already.") }
        return try store(name)
    }

    /// The names and settings of a dataset's stores, in the order of the names.
    ///
    /// - Throws: ``DICOMStoreError`` `noSuchDataset`.
    public func stores(of dataset: String) throws -> [(name: DICOMStoreName, settings: DICOMStoreSettings)] {
        try read { database in
            _ = try Self.dataset(dataset, database)
            return try database.all(
                "SELECT name, settings FROM dicom_store WHERE dataset = ? ORDER BY name", [dataset]
            ).map { row in
                (try DICOMStoreName(dataset: dataset, store: row.get("name")), try Self.value(row.get("settings")))
            }
        }
    }

    /// - Throws: ``DICOMStoreError`` `noSuchStore`.
    public func settings(of name: DICOMStoreName) throws -> DICOMStoreSettings {
        try read { try Self.settings(of: name, $0) }
    }

    /// Changes a store's settings.
    ///
    /// - Parameter change: gets the settings as they stand.
    public func changeSettings(
        of name: DICOMStoreName, _ change: (inout DICOMStoreSettings) throws -> Void
    ) throws -> DICOMStoreSettings {
        try write { database in
            try Self.lock(database)
            var settings = try Self.settings(of: name, database)
            try change(&settings)
            try database.execute(
                "UPDATE dicom_store SET settings = ? WHERE dataset = ? AND name = ?",
                [try Self.text(settings), name.dataset, name.store])
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
        let isGone = try write { database in
            try Self.lock(database)
            return try Self.forget(name, database)
        }
        guard isGone else { throw Self.missing(name) }
    }
}

extension DICOMCatalog {
    /// - Returns: whether there was none of this name.
    @discardableResult
    func insertStore(
        _ name: DICOMStoreName, _ settings: DICOMStoreSettings, _ database: SQLTransaction
    ) throws -> Bool {
        guard try Self.row(of: name, database) == nil else { return false }
        try setForgottenAside(database)
        try database.execute("UPDATE dicom_store_number SET last = last + 1")
        try database.execute(
            "INSERT INTO dicom_store (id, dataset, name, settings) SELECT last, ?, ?, ? FROM dicom_store_number",
            [name.dataset, name.store, try Self.text(settings)])
        return true
    }

    private static func settings(
        of name: DICOMStoreName, _ database: SQLTransaction
    ) throws -> DICOMStoreSettings {
        guard let row = try row(of: name, database) else { throw missing(name) }
        return try value(row.get("settings"))
    }

    private static func row(of name: DICOMStoreName, _ database: SQLTransaction) throws -> SQLRow? {
        try database.first(
            "SELECT id, settings FROM dicom_store WHERE dataset = ? AND name = ?", [name.dataset, name.store])
    }

    static func missing(_ name: DICOMStoreName) -> DICOMStoreError {
        DICOMStoreError(.noSuchStore, "There is no DICOM store '\(name)'.")
    }
}
