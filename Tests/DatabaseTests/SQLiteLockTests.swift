import Database
import Foundation
import TestSupport
import Testing

@Suite("Locks of an SQLite file") struct SQLiteLockTests {
    /// Whether somebody, this process too, holds one of the locks by which SQLite knows that a file is in use.
    private func isLocked(_ descriptor: Int32) -> Bool {
        // SHARED_FIRST and SHARED_SIZE of sqlite3's os.h; locks of open file descriptions see those of their own process.
        var lock = flock()
        (lock.l_type, lock.l_whence) = (Int16(F_WRLCK), Int16(SEEK_SET))
        (lock.l_start, lock.l_len) = (0x4000_0002, 510)
        let getLock: Int32 = 36  // F_OFD_GETLK
        return fcntl(descriptor, getLock, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
    }

    @Test("Opening a file once more in the same process takes no lock from it") func reopening() throws {
        try withTemporaryFolder { folder in
            let file = folder + "/catalog.db"
            let first = try SQLDatabase(file: file)
            _ = try first.migrate([SQLMigration("one") { try $0.execute("CREATE TABLE a (b INTEGER)") }])
            #expect(try first.read { try $0.scalar("SELECT count(*) FROM a", as: Int.self) } == 0)
            // Stays open to the end: closing it would be what is tried here.
            let descriptor = open(file, O_RDWR | O_CLOEXEC)
            defer { close(descriptor) }
            #expect(isLocked(descriptor))
            let second = try SQLDatabase(file: file)
            #expect(isLocked(descriptor))
            _ = try second.write { try $0.execute("INSERT INTO a VALUES (1)") }
            #expect(isLocked(descriptor))
            #expect(try first.read { try $0.scalar("SELECT count(*) FROM a", as: Int.self) } == 1)
        }
    }
}
