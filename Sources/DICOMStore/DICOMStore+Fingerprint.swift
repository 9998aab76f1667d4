import Foundation
import GRDB
public import LightboxCore

extension DICOMStore {
    /// A hash of the contents of all matching instances, which changes when one is added, removed or replaced;
    /// nil when there are none.
    public func fingerprint(of filter: InstanceFilter) throws -> ContentHash? {
        try pool.read { database in
            let (condition, arguments) = filter.condition(store: id)
            let statement = try database.cachedStatement(
                sql: "SELECT i.content_hash \(filter.tables) WHERE \(condition) ORDER BY i.content_hash")
            var hasher = ContentHasher()
            var isEmpty = true
            let digests = try Data.fetchCursor(statement, arguments: arguments)
            while let digest = try digests.next() {
                isEmpty = false
                digest.withUnsafeBytes { hasher.update($0) }
            }
            return isEmpty ? nil : hasher.finalize()
        }
    }

    /// How the matching instances are encoded, and how many of each.
    public func transferSyntaxes(of filter: InstanceFilter) throws -> [String: Int] {
        try pool.read { database in
            let (condition, arguments) = filter.condition(store: id)
            let rows = try Row.fetchAll(
                database.cachedStatement(
                    sql: "SELECT i.transfer_syntax, count(*) \(filter.tables) WHERE \(condition) GROUP BY 1"),
                arguments: arguments)
            return Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
        }
    }
}
