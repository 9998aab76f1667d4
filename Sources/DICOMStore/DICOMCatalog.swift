import Foundation
import GRDB
public import LightboxCore

/// The index of all DICOM stores of a home folder, in its `catalog.db`.
///
/// Patients' attributes stand once a study and a modality once a series, so that an instance costs a few hundred
/// bytes; every UID, patient ID, accession number and study date has an index of its own.
public final class DICOMCatalog: Sendable {
    let pool: DatabasePool
    public let home: Home
    let turns: FileTurns

    /// Opens the catalogue of a home folder, and makes both when they are missing.
    public init(home: Home) throws {
        self.home = home
        try home.create()
        turns = try FileTurns(home: home)
        var configuration = Configuration()
        configuration.busyMode = .timeout(30)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA cache_size = -65536")
        }
        do {
            pool = try DatabasePool(path: home.catalog, configuration: configuration)
            try pool.writeWithoutTransaction { database in
                // The pool has set NORMAL, under which a power loss takes back instances already acknowledged.
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
            do {
                try Self.migrator(home).migrate(pool)
            } catch is DatabaseError {
                // Another process made the tables between the look and the making.
                try Self.migrator(home).migrate(pool)
            }
            // What cannot be removed now stays noted.
            try? removeLeftovers()
        } catch let error as DatabaseError {
            throw DICOMStoreError(
                .catalogUnusable, "\(home.catalog): \(error.message ?? "SQLite cannot open it").")
        }
    }

    /// In the order of their names.
    public func stores() throws -> [DICOMStoreName] {
        try pool.read { database in
            try Row.fetchAll(database, sql: "SELECT dataset, name FROM dicom_store ORDER BY dataset, name").map {
                try DICOMStoreName(dataset: $0["dataset"], store: $0["name"])
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
        if creating {
            try pool.write { database in
                try Self.insertDataset(name.dataset, DICOMDataset.Settings(), at: Date(), database)
                try insertStore(name, DICOMStoreSettings(), database)
            }
        }
        let id = try pool.read { database in
            try Int64.fetchOne(
                database, sql: "SELECT id FROM dicom_store WHERE dataset = ? AND name = ?",
                arguments: [name.dataset, name.store])
        }
        guard let id else {
            let names = try stores().map(\.description).joined(separator: ", ")
            throw DICOMStoreError(
                .noSuchStore,
                "There is no DICOM store '\(name)'. \(names.isEmpty ? "There are none yet" : "Stores: \(names)").")
        }
        let root = try home.dicomStore(dataset: name.dataset, store: name.store)
        return try DICOMStore(name: name, id: id, catalog: self, root: root, batchSize: batchSize, onStep: onStep)
    }

    private static func migrator(_ home: Home) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("dicom 1: stores, studies, series, instances") {
            try $0.execute(sql: firstSchema)
        }
        migrator.registerMigration("dicom 2: names and further attributes") { database in
            try database.execute(sql: secondSchema)
            try SearchIndex.fill(database, home: home)
        }
        migrator.registerMigration("dicom 3: datasets, settings of stores") { try $0.execute(sql: thirdSchema) }
        migrator.registerMigration("dicom 4: revisions") { try $0.execute(sql: fourthSchema) }
        migrator.registerMigration("dicom 5: files of deleted stores") { try $0.execute(sql: fifthSchema) }
        return migrator
    }

    private static let firstSchema = """
        CREATE TABLE dicom_store (
            id INTEGER PRIMARY KEY, dataset TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (dataset, name));
        CREATE TABLE dicom_study (
            id INTEGER PRIMARY KEY, store_id INTEGER NOT NULL REFERENCES dicom_store ON DELETE CASCADE,
            study_uid TEXT NOT NULL, patient_id TEXT, patient_name TEXT, patient_birth_date TEXT, patient_sex TEXT,
            study_date TEXT, study_time TEXT, accession_number TEXT, study_id TEXT, study_description TEXT,
            referring_physician TEXT, UNIQUE (store_id, study_uid));
        CREATE INDEX dicom_study_patient ON dicom_study (store_id, patient_id);
        CREATE INDEX dicom_study_date ON dicom_study (store_id, study_date);
        CREATE INDEX dicom_study_accession ON dicom_study (store_id, accession_number);
        CREATE TABLE dicom_series (
            id INTEGER PRIMARY KEY, study INTEGER NOT NULL REFERENCES dicom_study ON DELETE CASCADE,
            series_uid TEXT NOT NULL, modality TEXT, series_number INTEGER, series_date TEXT,
            series_description TEXT, body_part TEXT, manufacturer TEXT, UNIQUE (study, series_uid));
        CREATE INDEX dicom_series_uid ON dicom_series (series_uid);
        CREATE TABLE dicom_instance (
            id INTEGER PRIMARY KEY, store_id INTEGER NOT NULL REFERENCES dicom_store ON DELETE CASCADE,
            series INTEGER NOT NULL REFERENCES dicom_series ON DELETE CASCADE,
            sop_uid TEXT NOT NULL, sop_class TEXT, transfer_syntax TEXT NOT NULL, instance_number INTEGER,
            patient_age TEXT, view_position TEXT, rows INTEGER, columns INTEGER, frames INTEGER,
            bits_allocated INTEGER, photometric TEXT, content_hash BLOB NOT NULL, size INTEGER NOT NULL,
            UNIQUE (store_id, sop_uid));
        CREATE UNIQUE INDEX dicom_instance_series ON dicom_instance (series, sop_uid);
        """
    /// `attributes` is DICOM JSON; `role` is 0 for patients and 1 for referring physicians.
    private static let secondSchema = """
        ALTER TABLE dicom_study ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE dicom_series ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';
        CREATE TABLE dicom_name (
            store_id INTEGER NOT NULL, role INTEGER NOT NULL, word TEXT NOT NULL,
            study INTEGER NOT NULL REFERENCES dicom_study ON DELETE CASCADE,
            PRIMARY KEY (store_id, role, word, study)) WITHOUT ROWID;
        CREATE INDEX dicom_name_study ON dicom_name (study);
        CREATE INDEX dicom_series_modality ON dicom_series (modality, study);
        """
    /// Files that others under the same UID have taken the place of; `replaced` is in seconds since 1970.
    private static let fourthSchema = """
        CREATE TABLE dicom_revision (
            id INTEGER PRIMARY KEY, store_id INTEGER NOT NULL REFERENCES dicom_store ON DELETE CASCADE,
            sop_uid TEXT NOT NULL, content_hash BLOB NOT NULL, size INTEGER NOT NULL, replaced REAL NOT NULL);
        CREATE INDEX dicom_revision_uid ON dicom_revision (store_id, sop_uid);
        """
    /// Deleted stores whose files may still be there.
    private static let fifthSchema = """
        CREATE TABLE dicom_forgotten (id INTEGER PRIMARY KEY, dataset TEXT NOT NULL, name TEXT NOT NULL);
        """
    /// `settings` is JSON. A number is given to one store only, so that who still holds a deleted one meets no other.
    private static let thirdSchema = """
        CREATE TABLE dicom_dataset (name TEXT PRIMARY KEY, settings TEXT NOT NULL DEFAULT '{}', created REAL);
        INSERT INTO dicom_dataset (name) SELECT DISTINCT dataset FROM dicom_store;
        ALTER TABLE dicom_store ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
        CREATE TABLE dicom_store_number (last INTEGER NOT NULL);
        INSERT INTO dicom_store_number SELECT coalesce(max(id), 0) FROM dicom_store;
        """
}
