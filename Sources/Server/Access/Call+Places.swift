import Catalog
import Foundation
import LightboxCore

extension Call {
    /// Checks an address that a request names: who is no administrator names objects in the home's buckets, not files of
    /// the machine.
    func allow(_ address: String, as field: String, in home: Home) throws {
        guard role < .admin, !address.isEmpty else { return }
        guard address.hasPrefix("gs://") || address.hasPrefix("s3://"), (try? home.localPath(of: address)) != nil,
            !home.isShared(address)
        else {
            throw ServerError(
                .forbidden,
                "\(field): a token of the role \(role.rawValue) names gs://BUCKET/… or s3://BUCKET/…, objects in the "
                    + "server's own buckets, but not where it keeps its files. Other places need the role admin.")
        }
    }
}
