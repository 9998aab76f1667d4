import Foundation
import LightboxCore

/// A folder for the half-written files of one ingest, gone when the ingest is.
///
/// A locked file beside it says that its process lives; what a dead process left behind is removed when the store
/// is opened next.
package final class IncomingFolder: Sendable {
    package let path: String
    private let lock: Int32

    /// - Parameter prefix: begins its name, so that it is known among other files.
    package init(in parent: String, prefix: String = "") throws {
        while true {
            let base = parent + "/" + prefix + UUID().uuidString
            let descriptor = open(base + ".lock", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw FileFailure(path: base, errno: errno) }
            // A process that tidied up just now may have taken the lock first; then the file is gone.
            var status = stat()
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &status) == 0, status.st_nlink > 0
            else {
                Glibc.close(descriptor)
                continue
            }
            guard mkdir(base, 0o700) == 0 else {
                let failure = FileFailure(path: base, errno: errno)
                Glibc.close(descriptor)
                throw failure
            }
            (path, lock) = (base, descriptor)
            return
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        unlink(path + ".lock")
        Glibc.close(lock)
    }

    package static func removeAbandoned(in parent: String, prefix: String = "") {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        for name in names where name.hasPrefix(prefix) && name.hasSuffix(".lock") {
            let path = parent + "/" + name
            let descriptor = open(path, O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                try? FileManager.default.removeItem(atPath: String(path.dropLast(".lock".count)))
                unlink(path)
            }
            Glibc.close(descriptor)
        }
    }
}
