import Foundation
import LightboxCore
import ObjectStorage

extension Check {
    /// Whether each place that `gs://` and `s3://` go to has credentials and answers; nothing while they are folders.
    static func storage(_ home: Home) -> [Check] {
        do {
            let stores = try ObjectStores(
                home.settings.storage, environment: ProcessInfo.processInfo.environment)
            return stores.endpoints.map { endpoint in
                do {
                    try endpoint.check()
                    return Check("\(endpoint.scheme.rawValue)://", .ok, "\(endpoint.address) answers")
                } catch {
                    return Check(
                        "\(endpoint.scheme.rawValue)://", .missing, String(describing: error),
                        remedy: "docs/storage.md says how to name the endpoint and the credentials.")
                }
            }
        } catch {
            return [Check("object storage", .missing, String(describing: error))]
        }
    }
}
