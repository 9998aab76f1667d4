import Foundation
import Synchronization

/// What processes leave when they are killed: files and folders whose names end with `.part`.
///
/// Who writes one keeps it locked. A lock goes with its process, so what nobody has locked is nobody's any more.
public enum Leftovers {
    /// Says that this process writes what a descriptor stands for, until it is closed.
    package static func claim(_ descriptor: Int32) { _ = flock(descriptor, LOCK_EX | LOCK_NB) }

    /// Removes what is nobody's below a folder.
    ///
    /// - Parameters:
    ///   - age: in seconds; what is younger may not be locked yet.
    ///   - isMeant: of a name that ends with `.part`.
    package static func remove(
        below folder: String, age: Int = 60, where isMeant: (String) -> Bool = { _ in true }
    ) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            let path = folder + "/" + name
            var status = stat()
            guard lstat(path, &status) == 0 else { continue }
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            if name.hasSuffix(".part"), isMeant(name) {
                if status.st_mtim.tv_sec + age < time(nil) { removeUnlessClaimed(path) }
            } else if isFolder {
                remove(below: path, age: age, where: isMeant)
            }
        }
    }

    /// - Returns: whether it is gone.
    @discardableResult
    package static func removeUnlessClaimed(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return errno == ENOENT }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return false }
        // At once: a folder that is half removed would be half there.
        let aside = path.hasSuffix(".part") ? path : path + "." + UUID().uuidString.prefix(8) + ".part"
        guard aside == path || rename(path, aside) == 0 else { return false }
        return (try? FileManager.default.removeItem(atPath: aside)) != nil
    }
}

/// Folders of the cache that this process reads; nobody removes them while it lives.
enum HeldFolders {
    private static let held = Mutex<[String: Int32]>([:])

    /// - Returns: false when there is none.
    static func hold(_ path: String) -> Bool {
        held.withLock { held in
            if held[path] != nil, access(path, F_OK) == 0 { return true }
            let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { return false }
            var (opened, there) = (stat(), stat())
            // Somebody may be about to remove it.
            guard flock(descriptor, LOCK_SH | LOCK_NB) == 0, fstat(descriptor, &opened) == 0,
                stat(path, &there) == 0, opened.st_ino == there.st_ino
            else {
                close(descriptor)
                return false
            }
            utimes(path, nil)
            if let before = held.updateValue(descriptor, forKey: path) { close(before) }
            return true
        }
    }
}
