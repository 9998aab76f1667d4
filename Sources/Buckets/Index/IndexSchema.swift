import Database

/// The tables of `buckets.db`.
///
/// What a row says of an object holds for the file with the row's inode, size and time of change only, and these stay
/// the same when the file is renamed. So a row may be written before its file is in place, and one whose file has been
/// replaced or written to says nothing any more.
enum IndexSchema {
    static var migrations: [SQLMigration] { [SQLMigration("buckets 1: buckets, objects, uploads", script: first)] }

    // Times are seconds since 1970; settings and properties are JSON; names are bytes.
    private static let first = """
        CREATE TABLE bucket (
            name TEXT PRIMARY KEY, inode INTEGER NOT NULL, created REAL NOT NULL, updated REAL NOT NULL,
            metageneration INTEGER NOT NULL, settings TEXT NOT NULL);
        CREATE TABLE object (
            bucket TEXT NOT NULL, key BLOB NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL,
            modified INTEGER NOT NULL, generation INTEGER NOT NULL, metageneration INTEGER NOT NULL,
            created REAL NOT NULL, updated REAL NOT NULL, crc32c INTEGER, md5 BLOB, components INTEGER NOT NULL,
            properties TEXT NOT NULL, PRIMARY KEY (bucket, key, inode, size, modified)) WITHOUT ROWID;
        CREATE TABLE upload (
            id TEXT PRIMARY KEY, bucket TEXT NOT NULL, plan TEXT NOT NULL, kept INTEGER NOT NULL,
            begun REAL NOT NULL, outcome BLOB);
        """
}
