import Database
import Foundation
public import LightboxCore

/// The index of all DICOM stores of a home folder: tables in its `catalog.db`, or in PostgreSQL, where several homes
/// may share it.
///
/// Patients' attributes stand once a study and a modality once a series, so that an instance costs a few hundred
/// bytes; every UID, patient ID, accession number and study date has an index of its own.
public final class DICOMCatalog: Sendable {
    private let tables: SQLDatabase
    public let home: Home
    let turns: FileTurns

    /// Opens the catalogue of a home folder, and makes both when they are missing.
    public init(home: Home) throws {
        self.home = home
        try home.create()
        turns = try FileTurns(home: home)
        do {
            let options = SQLiteOptions(pragmas: "PRAGMA cache_size = -65536")
            tables = try SQLDatabase(home: home, file: home.catalog, options: options)
            try tables.migrate(Self.migrations(of: home))
        } catch let failure as DatabaseFailure {
            throw DICOMStoreError(failure)
        }
        // What cannot be removed now stays noted.
        try? removeLeftovers()
    }

    /// In the order of their names.
    public func stores() throws -> [DICOMStoreName] {
        try read { database in
            try database.all("SELECT dataset, name FROM dicom_store ORDER BY dataset, name").map {
                try DICOMStoreName(dataset: $0.get("dataset"), store: $0.get("name"))
            }
        }
    }

    /// Opens a store.
    ///
    /// - Parameter creating: makes it when there is none.
    public func store(_ name: DICOMStoreName, creating: Bool = false) throws -> DICOMStore {
        try store(name, creating: creating, batchSize: 256) { _ in }
    }

    /// The same, with a function that is called between the steps of an ingest; tests let it fail.
    ///
    /// - Parameter batchSize: files to a commit.
    package func store(
        _ name: DICOMStoreName, creating: Bool, batchSize: Int,
        onStep: @escaping @Sendable (IngestStep) throws -> Void
    ) throws -> DICOMStore {
        if creating, try id(of: name) == nil {
            try write { database in
                try Self.lock(database)
                try Self.insertDataset(name.dataset, DICOMDataset.Settings(), at: Date(), database)
                try insertStore(name, DICOMStoreSettings(), database)
            }
        }
        guard let id = try id(of: name) else {
            let names = try stores().map(\.description).joined(separator: ", ")
            throw DICOMStoreError(
                .noSuchStore,
                "There is no DICOM store '\(name)'. \(names.isEmpty ? "There are none yet" : "Stores: \(names)").")
        }
        let root = try home.dicomStore(dataset: name.dataset, store: name.store)
        return try DICOMStore(name: name, id: id, catalog: self, root: root, batchSize: batchSize, onStep: onStep)
    }

    private func id(of name: DICOMStoreName) throws -> Int64? {
        try read {
            try $0.scalar(
                "SELECT id FROM dicom_store WHERE dataset = ? AND name = ?", [name.dataset, name.store])
        }
    }
}

extension DICOMCatalog {
    /// The database's own errors come out as ``DICOMStoreError``.
    func read<Result>(_ body: (SQLTransaction) throws -> Result) throws -> Result {
        do {
            return try tables.read(body)
        } catch let failure as DatabaseFailure {
            throw DICOMStoreError(failure)
        }
    }

    /// Runs one transaction. What decides about a change is locked first, here or by ``DICOMStore/lock(_:)``, so that no
    /// more isolation is needed.
    ///
    /// - Parameter body: with PostgreSQL it may be called again, from its beginning.
    @discardableResult
    func write<Result>(_ body: (SQLTransaction) throws -> Result) throws -> Result {
        do {
            return try tables.write(.readCommitted, body)
        } catch let failure as DatabaseFailure {
            throw DICOMStoreError(failure)
        }
    }

    /// Makes this transaction the only one that adds, changes or deletes datasets and stores. Whoever needs the lock of a
    /// store too takes it later.
    static func lock(_ database: SQLTransaction) throws {
        guard database.engine == .postgres else { return }
        try database.execute("SELECT last FROM dicom_store_number FOR UPDATE")
    }
}

extension DICOMStoreError {
    init(_ failure: DatabaseFailure) { self.init(.catalogUnusable, failure.description) }
}
