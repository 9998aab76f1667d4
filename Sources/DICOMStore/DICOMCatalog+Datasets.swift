import Database
public import Foundation

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
        guard try write({ try Self.insertDataset(name, settings, at: date, $0) }) else {
            throw DICOMStoreError(.datasetExists, "There is a dataset '\(name)' already.")
        }
        return try dataset(name)
    }

    /// - Throws: ``DICOMStoreError`` `noSuchDataset`.
    public func dataset(_ name: String) throws -> DICOMDataset { try read { try Self.dataset(name, $0) } }

    /// In the order of their names.
    public func datasets() throws -> [DICOMDataset] {
        try read { try $0.all("SELECT * FROM dicom_dataset ORDER BY name").map(Self.dataset) }
    }

    /// Changes a dataset's settings.
    ///
    /// - Parameter change: gets the settings as they stand.
    public func changeDataset(
        _ name: String, _ change: (inout DICOMDataset.Settings) throws -> Void
    ) throws -> DICOMDataset {
        try write { database in
            try Self.lock(database)
            var settings = try Self.dataset(name, database).settings
            try change(&settings)
            try database.execute(
                "UPDATE dicom_dataset SET settings = ? WHERE name = ?", [try Self.text(settings), name])
            return try Self.dataset(name, database)
        }
    }

    /// Removes a dataset with its stores, their instances and files.
    ///
    /// - Returns: the stores that went with it.
    @discardableResult
    public func deleteDataset(_ name: String) throws -> [DICOMStoreName] {
        let stores = try write { database in
            try Self.lock(database)
            _ = try Self.dataset(name, database)
            let names: [String] = try database.column(
                "SELECT name FROM dicom_store WHERE dataset = ? ORDER BY name", [name])
            let stores = try names.map { try DICOMStoreName(dataset: name, store: $0) }
            for store in stores { _ = try Self.forget(store, database) }
            try database.execute("DELETE FROM dicom_dataset WHERE name = ?", [name])
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
        _ name: String, _ settings: DICOMDataset.Settings, at date: Date, _ database: SQLTransaction
    ) throws -> Bool {
        try database.execute(
            "INSERT INTO dicom_dataset (name, settings, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [name, try text(settings), date.timeIntervalSince1970]) == 1
    }

    static func dataset(_ name: String, _ database: SQLTransaction) throws -> DICOMDataset {
        guard DICOMStoreName.isUsable(name),
            let row = try database.first("SELECT * FROM dicom_dataset WHERE name = ?", [name])
        else { throw DICOMStoreError(.noSuchDataset, "There is no dataset '\(name.prefix(256))'.") }
        return try dataset(row)
    }

    private static func dataset(_ row: SQLRow) throws -> DICOMDataset {
        DICOMDataset(
            name: try row.get("name"), settings: try value(row.get("settings")),
            created: try row.get("created", as: Double?.self).map { Date(timeIntervalSince1970: $0) })
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
                .catalogUnusable, "A row of the index cannot be read. A newer Lightbox may have written it.")
        }
    }
}
