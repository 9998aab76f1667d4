import Database
import Foundation
import LightboxCore
import Synchronization

/// Who adds files to a store and who removes some take turns, on all machines: between the look whether a file is still
/// wanted and its removal nobody may take the same bytes in again.
///
/// For files in object storage alone, where sending takes too long for the index's own lock. Adding goes side by side.
final class FileTurns: Sendable {
    private enum Place: Sendable {
        /// A locked file of the home, in which all processes of its SQLite index meet.
        case file(String)
        /// A lock of the database server that keeps the index.
        case database(SQLDatabase)
    }

    private let place: Place

    /// - Throws: ``FileFailure`` or `DatabaseFailure`. Nothing is connected to before it is needed.
    init(home: Home) throws {
        if let address = home.settings.database {
            // Connections of their own: who waits for one of the index's while it has a turn always gets it.
            place = .database(try SQLDatabase(postgres: address, connections: 16))
        } else {
            place = .file(home.dicom + "/.turns")
        }
    }

    /// Runs `body` while no file of the store is removed.
    func whileAdding<Result>(to store: DICOMStoreName, _ body: () throws -> Result) throws -> Result {
        try run("_shared", LOCK_SH, store, body)
    }

    /// Runs `body` while nobody adds a file to the store.
    func whileRemoving<Result>(from store: DICOMStoreName, _ body: () throws -> Result) throws -> Result {
        try run("", LOCK_EX, store, body)
    }

    private func run<Value>(
        _ kind: String, _ operation: Int32, _ store: DICOMStoreName, _ body: () throws -> Value
    ) throws -> Value {
        switch place {
        case .file(let path):
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw FileFailure(path: path, errno: errno) }
            defer { close(descriptor) }
            while flock(descriptor, operation) != 0 {
                guard errno == EINTR else { throw FileFailure(path: path, errno: errno) }
            }
            return try body()
        case .database(let database):
            // Not thrown through the transaction, which might call the body again.
            var done: Result<Value, any Error>?
            do {
                try database.write(.readCommitted) { transaction in
                    guard done == nil else { return }
                    _ = try transaction.first(
                        "SELECT pg_advisory_xact_lock\(kind)(hashtextextended(current_schema() || ?, 0))",
                        ["/lightbox files of \(store)"])
                    done = Result { try body() }
                }
            } catch let failure as DatabaseFailure {
                // The turn's own connection may break when all is done.
                if done == nil { throw DICOMStoreError(failure) }
            }
            guard let done else { throw DICOMStoreError(.catalogUnusable, "The database gives no lock.") }
            return try done.get()
        }
    }
}
