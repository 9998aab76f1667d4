import Foundation
import LightboxCore

/// Names event files so that TensorBoard, which reads a folder in the order of the names, meets them in the
/// order of their making.
enum EventFileName {
    private static let prefix = "events.out.tfevents."

    /// `events.out.tfevents.<seconds>.lightbox.<process>.<number>`; TensorFlow has the machine's name in the
    /// third place, which is nobody's business.
    static func create(in folder: String, suffix: String, at time: Date) throws -> (String, Int32) {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        // A clock that went back, or another machine's, must not put this file before an earlier one.
        let latest = names.compactMap(seconds).max() ?? 0
        let seconds = max(Int(time.timeIntervalSince1970), latest + 1)
        let digits = String(repeating: "0", count: max(0, 10 - "\(seconds)".count)) + "\(seconds)"
        var number = 0
        while true {
            let name = prefix + "\(digits).lightbox.\(getpid()).\(number)" + (suffix.isEmpty ? "" : "." + suffix)
            let path = folder + "/" + name
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            if descriptor >= 0 { return (path, descriptor) }
            guard errno == EEXIST, number < 1000 else { throw FileFailure(path: path, errno: errno) }
            number += 1
        }
    }

    private static func seconds(_ name: String) -> Int? {
        guard name.hasPrefix(prefix) else { return nil }
        return Int(name.dropFirst(prefix.count).prefix { $0 != "." })
    }
}
