public import Database

/// The tables of the registry and of jobs. Others of the same place belong to others and stay as they are.
enum CatalogSchema {
    static var migrations: [SQLMigration] {
        [
            SQLMigration("registry 1: models, versions, operations, jobs", script: first),
            SQLMigration("registry 2: tokens", script: tokens),
            SQLMigration("registry 3: queues of jobs", script: queues),
        ]
    }

    // Times are seconds since 1970; settings, outcomes and the like are JSON.
    private static let first = """
        CREATE TABLE registry_model (
            name TEXT PRIMARY KEY, settings TEXT NOT NULL, default_version TEXT, created REAL NOT NULL,
            revision INTEGER NOT NULL);
        CREATE TABLE registry_version (
            model TEXT NOT NULL REFERENCES registry_model, name TEXT NOT NULL, settings TEXT NOT NULL,
            state TEXT NOT NULL, created REAL NOT NULL, last_used REAL, error TEXT NOT NULL DEFAULT '',
            creator TEXT NOT NULL, files TEXT NOT NULL DEFAULT '[]', revision INTEGER NOT NULL,
            PRIMARY KEY (model, name));
        CREATE TABLE registry_operation (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
            model TEXT NOT NULL, version TEXT, created REAL NOT NULL, ended REAL,
            cancel_requested INTEGER NOT NULL DEFAULT 0, outcome TEXT, lease_end REAL);
        CREATE INDEX registry_operation_open ON registry_operation (outcome) WHERE outcome IS NULL;
        CREATE TABLE job (
            number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, labels TEXT NOT NULL,
            work TEXT NOT NULL, state TEXT NOT NULL, created REAL NOT NULL, started REAL, ended REAL,
            error TEXT NOT NULL DEFAULT '', progress TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
            creator TEXT NOT NULL, revision INTEGER NOT NULL, lease_owner TEXT, lease_end REAL);
        CREATE INDEX job_open ON job (state, number);
        CREATE TABLE job_log (
            job INTEGER NOT NULL REFERENCES job ON DELETE CASCADE, number INTEGER NOT NULL, time REAL NOT NULL,
            severity TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (job, number)) WITHOUT ROWID;
        """

    /// `dataset` is that of archive work; `crashes` counts the processes that died with the job.
    private static let queues = """
        ALTER TABLE job ADD COLUMN queue TEXT NOT NULL DEFAULT 'models';
        ALTER TABLE job ADD COLUMN dataset TEXT;
        ALTER TABLE job ADD COLUMN error_kind TEXT;
        ALTER TABLE job ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX job_dataset ON job (dataset, number) WHERE dataset IS NOT NULL;
        """

    private static let tokens = """
        CREATE TABLE access_token (
            name TEXT PRIMARY KEY, role TEXT NOT NULL, digest TEXT NOT NULL UNIQUE, created REAL NOT NULL,
            expires REAL, revoked REAL);
        """
}

extension ModelCatalog {
    /// What makes its tables.
    public static var migrations: [SQLMigration] { CatalogSchema.migrations }
}
