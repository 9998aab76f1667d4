import Foundation
import LightboxCore
import Synchronization

/// Copies of objects in a folder that any number of processes share, bounded in bytes and age.
///
/// A copy is named by what it is a copy of, its `ETag` included, and never changed: another object has another name.
/// Removing one takes nothing from who has it open.
package final class ObjectCache: Sendable {
    /// Where killed processes leave what they had begun.
    package struct Place: Sendable {
        let folder: String
        /// Whether only names that begin with a dot are theirs.
        let isHidden: Bool

        package init(_ folder: String, hidden: Bool = false) { (self.folder, isHidden) = (folder, hidden) }
    }

    let folder: String
    let limit: Int
    private let oldest: Double
    private let leftovers: [Place]
    private let others: @Sendable () -> Void
    /// Bytes that came since the last look at the folder.
    private let sinceSweep: Mutex<Int>
    /// Copies are not synced: those that a crash of the machine may have cut short are not looked at again.
    private static let boot =
        (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""

    package init(
        folder: String, limit: Int = 10 << 30, oldest: Double = 14 * 86_400,
        leftovers: [Place] = [], alsoSweeping others: @escaping @Sendable () -> Void = {}
    ) {
        (self.folder, self.limit, self.oldest, self.leftovers) = (folder, limit, oldest, leftovers)
        self.others = others
        sinceSweep = Mutex(limit)
    }

    /// - Parameter name: its ending is kept, since readers judge by it.
    func path(of identity: String, name: String) -> String {
        let hash = ContentHash(of: (Self.boot + identity).utf8).description
        let ending = (name as NSString).pathExtension
        let isPlain = ending.utf8.count <= 16 && ending.utf8.allSatisfy { PercentEncoding.isUnreserved($0) }
        return "\(folder)/\(hash.prefix(2))/\(hash.dropFirst(2))"
            + (isPlain && !ending.isEmpty ? "." + ending : "")
    }

    /// Whether the copy is there; then it counts as used now.
    ///
    /// - Parameter size: nil where the name says what the bytes are.
    func has(_ path: String, size: Int?) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0, size.map({ $0 == Int(status.st_size) }) ?? true else { return false }
        // Once a minute is enough to tell the old from the new.
        if status.st_mtim.tv_sec + 60 < time(nil) { utimes(path, nil) }
        return true
    }

    /// Makes a copy's place, and room for its bytes.
    func prepare(_ path: String, size: Int) throws {
        note(size)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    /// Counts bytes that come, and makes room once they are many.
    package func note(_ size: Int) {
        let isDue = sinceSweep.withLock { bytes in
            bytes += size
            guard bytes >= max(limit / 16, 1) else { return false }
            bytes = 0
            return true
        }
        guard isDue else { return }
        sweep(for: size)
        others()
        for place in leftovers {
            Leftovers.remove(below: place.folder) { !place.isHidden || $0.hasPrefix(".") }
        }
    }

    /// Takes a file that is known to be the object, so that it need not be brought.
    func keep(_ file: String, as path: String, size: Int) {
        guard size <= limit / 16, (try? prepare(path, size: size)) != nil else { return }
        // On another disk it is brought when it is asked for.
        link(file, path)
    }

    /// Removes what is too old, then what was used longest ago, until there is room; nothing of the last half minute.
    package func sweep(for size: Int = 0) {
        var files: [(path: String, size: Int, used: Int)] = []
        for part in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(part)")) ?? [] {
                var status = stat()
                let path = "\(folder)/\(part)/\(name)"
                guard stat(path, &status) == 0 else { continue }
                if name.hasSuffix(".part") { continue }
                files.append((path, Int(status.st_blocks) * 512, status.st_mtim.tv_sec))
            }
        }
        let now = time(nil)
        var left = files.reduce(size) { $0 + $1.size }
        for file in files.sorted(by: { $0.used < $1.used }) {
            let age = now - file.used
            guard left > limit / 16 * 15 || Double(age) > oldest else { break }
            guard age > 30 else { break }
            unlink(file.path)
            left -= file.size
        }
    }
}
