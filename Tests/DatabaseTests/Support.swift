import Database
import Foundation
import LightboxCore
import TestSupport

/// An empty database of the engine under test.
func withDatabase(_ body: (SQLDatabase) throws -> Void) throws {
    try withTemporaryFolder { folder in
        let home = try TestEngine.home(folder)
        try body(try SQLDatabase(home: home, file: home.catalog))
    }
}

/// With a table `item` of all kinds of columns.
func withItems(_ body: (SQLDatabase) throws -> Void) throws {
    try withDatabase { database in
        try database.migrate([items])
        try body(database)
    }
}

let items = SQLMigration(
    "items 1",
    script: """
        CREATE TABLE item (
            id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, size INTEGER, weight REAL, bytes BLOB);
        CREATE TABLE part (
            item INTEGER NOT NULL REFERENCES item ON DELETE CASCADE, number INTEGER NOT NULL,
            PRIMARY KEY (item, number)) WITHOUT ROWID;
        """)

/// Runs a body on so many threads at once.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let threads = (0..<count).map { number in
        let done = DispatchSemaphore(value: 0)
        let thread = Thread {
            body(number)
            done.signal()
        }
        thread.start()
        return done
    }
    for done in threads { done.wait() }
}
