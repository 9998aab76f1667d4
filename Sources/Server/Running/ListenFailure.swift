import Foundation
import LightboxCore
import NIOCore

/// Why the server cannot listen where it was told to.
struct ListenFailure: Failure, Equatable {
    let description: String
    var kind: FailureKind { .environment }

    /// nil for an error that has nothing to do with the address.
    init?(_ error: any Error, host: String, port: Int) {
        guard let error = error as? IOError else { return nil }
        let place = "\(host):\(port)"
        switch error.errnoCode {
        case EADDRINUSE:
            description = "\(place) is taken, by another server perhaps. Choose another with --port, 0 for any."
        case EACCES:
            description = "\(place) may not be used by this user. Choose a --port over 1023."
        default:
            description = "\(place): \(String(cString: strerror(error.errnoCode))). See --host and --port."
        }
    }
}
