import Foundation
import GRDB
import LightboxCore

/// Files of stores that were deleted. Rows go first, and with them a note that the files have to; so a crash in between
/// leaves files that the next to open the catalogue removes, and nobody mistakes an index that was lost for deletion.
extension DICOMCatalog {
    /// Removes the row of a store, and notes that its files have to go.
    ///
    /// - Returns: whether there was one.
    static func forget(_ name: DICOMStoreName, _ database: Database) throws -> Bool {
        let names: StatementArguments = [name.dataset, name.store]
        try database.execute(sql: "DELETE FROM dicom_store WHERE dataset = ? AND name = ?", arguments: names)
        guard database.changesCount > 0 else { return false }
        try database.execute(sql: "INSERT INTO dicom_forgotten (dataset, name) VALUES (?, ?)", arguments: names)
        return true
    }

    /// Takes the folders of deleted stores out of the way of new ones of their names. The write lock is held, so nobody
    /// makes one meanwhile.
    func setForgottenAside(_ database: Database) throws {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT dataset, name FROM dicom_forgotten f WHERE NOT EXISTS
                (SELECT 1 FROM dicom_store s WHERE s.dataset = f.dataset AND s.name = f.name)
                """)
        for row in rows {
            let root = try home.dicomStore(dataset: row["dataset"], store: row["name"])
            guard rename(root, home.dicom + "/" + Self.aside + UUID().uuidString) == 0 || errno == ENOENT else {
                throw FileFailure(path: root, errno: errno)
            }
        }
    }

    /// Removes the files of deleted stores, those that crashes have left included.
    ///
    /// - Parameter waits: for others that are about the same; otherwise what they have in hand is left to them.
    func removeForgotten(waits: Bool = true) throws {
        let (ids, stores) = try pool.write { database in
            try setForgottenAside(database)
            let rows = try Row.fetchAll(database, sql: "SELECT id, dataset, name FROM dicom_forgotten")
            return (
                rows.map { $0["id"] as Int64 },
                try rows.map { try DICOMStoreName(dataset: $0["dataset"], store: $0["name"]) }
            )
        }
        for store in stores { try removeObjects(of: store) }
        var isClean = true
        let names = (try? FileManager.default.contentsOfDirectory(atPath: home.dicom)) ?? []
        for name in names where name.hasPrefix(Self.aside) {
            if try !removeTree(home.dicom + "/" + name, waits: waits) { isClean = false }
        }
        guard isClean, !ids.isEmpty else { return }
        try pool.write { database in
            for id in ids {
                try database.execute(sql: "DELETE FROM dicom_forgotten WHERE id = ?", arguments: [id])
            }
        }
    }

    /// Finishes deletions that a crash has cut short; costs a look into an empty table where there are none.
    func removeLeftovers() throws {
        let isAny = try pool.read { try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM dicom_forgotten)") }
        if isAny == true { try removeForgotten(waits: false) }
    }

    private static let aside = ".deleted-"

    /// - Returns: false when it was left to somebody else.
    private func removeTree(_ path: String, waits: Bool) throws -> Bool {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno == ENOENT }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | (waits ? 0 : LOCK_NB)) == 0 else { return false }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch  where !FileManager.default.fileExists(atPath: path) {
            // Whoever had the lock before has removed it.
        }
        return true
    }
}
