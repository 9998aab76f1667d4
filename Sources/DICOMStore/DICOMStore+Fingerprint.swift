import Database
import Foundation
public import LightboxCore

extension DICOMStore {
    /// A hash of the contents of all matching instances, which changes when one is added, removed or replaced;
    /// nil when there are none.
    public func fingerprint(of filter: InstanceFilter) throws -> ContentHash? {
        try catalog.read { database in
            let (condition, arguments) = filter.condition(store: id)
            let tables = filter.tables(database.dialect)
            let rows = try database.cursor(
                "SELECT i.content_hash \(tables) WHERE \(condition) ORDER BY i.content_hash", arguments)
            var hasher = ContentHasher()
            var isEmpty = true
            while let row = try rows.next() {
                isEmpty = false
                try row.get(0, as: [UInt8].self).withUnsafeBytes { hasher.update($0) }
            }
            return isEmpty ? nil : hasher.finalize()
        }
    }

    /// How the matching instances are encoded, and how many of each.
    public func transferSyntaxes(of filter: InstanceFilter) throws -> [String: Int] {
        try catalog.read { database in
            let (condition, arguments) = filter.condition(store: id)
            let tables = filter.tables(database.dialect)
            let rows = try database.all(
                "SELECT i.transfer_syntax, count(*) \(tables) WHERE \(condition) GROUP BY 1", arguments)
            return Dictionary(uniqueKeysWithValues: try rows.map { (try $0.get(0), try $0.get(1)) })
        }
    }
}
