public import Database
public import LightboxCore

/// The tables of the index. Others of the same place belong to others and stay as they are.
enum IndexSchema {
    static func migrations(of home: Home) -> [SQLMigration] {
        [
            SQLMigration("dicom 1: stores, studies, series, instances", script: first),
            SQLMigration("dicom 2: names and further attributes") { database in
                try database.script(names)
                try SearchIndex.fill(database, home: home)
            },
            SQLMigration("dicom 3: datasets, settings of stores", script: datasets),
            SQLMigration("dicom 4: revisions", script: revisions),
            SQLMigration("dicom 5: files of deleted stores", script: forgotten),
            SQLMigration("dicom 6: PostgreSQL's indexes") { database in
                guard database.engine == .postgres else { return }
                try database.script(postgresIndexes)
            },
        ]
    }

    private static let first = """
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
    private static let names = """
        ALTER TABLE dicom_study ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';
        ALTER TABLE dicom_series ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';
        CREATE TABLE dicom_name (
            store_id INTEGER NOT NULL, role INTEGER NOT NULL, word TEXT NOT NULL,
            study INTEGER NOT NULL REFERENCES dicom_study ON DELETE CASCADE,
            PRIMARY KEY (store_id, role, word, study)) WITHOUT ROWID;
        CREATE INDEX dicom_name_study ON dicom_name (study);
        CREATE INDEX dicom_series_modality ON dicom_series (modality, study);
        """

    /// `settings` is JSON. A number is given to one store only, so that who still holds a deleted one meets no other.
    private static let datasets = """
        CREATE TABLE dicom_dataset (name TEXT PRIMARY KEY, settings TEXT NOT NULL DEFAULT '{}', created REAL);
        INSERT INTO dicom_dataset (name) SELECT DISTINCT dataset FROM dicom_store;
        ALTER TABLE dicom_store ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
        CREATE TABLE dicom_store_number (last INTEGER NOT NULL);
        INSERT INTO dicom_store_number SELECT coalesce(max(id), 0) FROM dicom_store;
        """

    /// Files that others under the same UID have taken the place of; `replaced` is in seconds since 1970.
    private static let revisions = """
        CREATE TABLE dicom_revision (
            id INTEGER PRIMARY KEY, store_id INTEGER NOT NULL REFERENCES dicom_store ON DELETE CASCADE,
            sop_uid TEXT NOT NULL, content_hash BLOB NOT NULL, size INTEGER NOT NULL, replaced REAL NOT NULL);
        CREATE INDEX dicom_revision_uid ON dicom_revision (store_id, sop_uid);
        """

    /// Deleted stores whose files may still be there.
    private static let forgotten = """
        CREATE TABLE dicom_forgotten (id INTEGER PRIMARY KEY, dataset TEXT NOT NULL, name TEXT NOT NULL);
        """

    /// In SQLite an index ends with the row's number and begins with NULLs; here both have to be said, so that pages of a
    /// search come in the order of an index.
    private static let postgresIndexes = """
        DROP INDEX dicom_study_patient, dicom_study_date, dicom_study_accession, dicom_series_uid, dicom_series_modality;
        CREATE INDEX dicom_study_patient ON dicom_study (store_id, patient_id NULLS FIRST, id);
        CREATE INDEX dicom_study_date ON dicom_study (store_id, study_date NULLS FIRST, id);
        CREATE INDEX dicom_study_accession ON dicom_study (store_id, accession_number NULLS FIRST, id);
        CREATE INDEX dicom_series_uid ON dicom_series (series_uid, id);
        CREATE INDEX dicom_series_modality ON dicom_series (modality NULLS FIRST, study, id);
        """
}

extension DICOMCatalog {
    /// What makes its tables.
    ///
    /// - Parameter home: whose files an index of an earlier version is brought up to date from.
    public static func migrations(of home: Home) -> [SQLMigration] { IndexSchema.migrations(of: home) }

    /// A value of one of its tables as PostgreSQL takes it: an older index in SQLite may have any text.
    public static func mended(_ table: String, _ column: String, _ value: ColumnValue) -> ColumnValue {
        guard table.hasPrefix("dicom_"), column != "attributes", column != "settings",
            case .text(let text) = value
        else { return value }
        return .text(text.indexed)
    }
}
