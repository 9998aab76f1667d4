import Database
import Foundation
import LightboxCore

/// Files of stores that were deleted. Rows go first, and with them a note that the files have to; so a crash in between
/// leaves files that the next to open the catalogue removes, and nobody mistakes an index that was lost for deletion.
extension DICOMCatalog {
    /// Removes the row of a store, and notes that its files have to go.
    ///
    /// - Returns: whether there was one.
    static func forget(_ name: DICOMStoreName, _ database: SQLTransaction) throws -> Bool {
        let names: SQLArguments = [name.dataset, name.store]
        let count = try database.execute("DELETE FROM dicom_store WHERE dataset = ? AND name = ?", names)
        guard count > 0 else { return false }
        try database.execute("INSERT INTO dicom_forgotten (dataset, name) VALUES (?, ?)", names)
        return true
    }

    /// Takes the folders of deleted stores out of the way of new ones of their names. The catalogue's lock is held, so
    /// nobody makes one meanwhile.
    func setForgottenAside(_ database: SQLTransaction) throws {
        let rows = try database.all(
            """
            SELECT dataset, name FROM dicom_forgotten f WHERE NOT EXISTS
            (SELECT 1 FROM dicom_store s WHERE s.dataset = f.dataset AND s.name = f.name)
            """)
        for row in rows {
            let root = try home.dicomStore(dataset: row.get("dataset"), store: row.get("name"))
            guard rename(root, home.dicom + "/" + Self.aside + UUID().uuidString) == 0 || errno == ENOENT else {
                throw FileFailure(path: root, errno: errno)
            }
        }
    }

    /// Removes the files of deleted stores, those that crashes have left included.
    ///
    /// - Parameter waits: for others that are about the same; otherwise what they have in hand is left to them.
    func removeForgotten(waits: Bool = true) throws {
        let forgotten = try write { database in
            try Self.lock(database)
            try setForgottenAside(database)
            return try database.all("SELECT id, dataset, name FROM dicom_forgotten").map { row in
                (
                    id: try row.get("id", as: Int64.self),
                    store: try DICOMStoreName(dataset: row.get("dataset"), store: row.get("name"))
                )
            }
        }
        for store in Set(forgotten.map(\.store)) { try removeObjects(of: store) }
        var isClean = true
        let names = (try? FileManager.default.contentsOfDirectory(atPath: home.dicom)) ?? []
        for name in names where name.hasPrefix(Self.aside) {
            if try !removeTree(home.dicom + "/" + name, waits: waits) { isClean = false }
        }
        guard isClean, !forgotten.isEmpty else { return }
        try write { database in
            for (id, _) in forgotten { try database.execute("DELETE FROM dicom_forgotten WHERE id = ?", [id]) }
        }
    }

    /// Finishes deletions that a crash has cut short; costs a look into an empty table where there are none.
    func removeLeftovers() throws {
        let isAny: Bool? = try read { try $0.scalar("SELECT EXISTS (SELECT 1 FROM dicom_forgotten)") }
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
