import Foundation

/// What tells a file from the one that stood in its place before: it stays the same when the file is renamed, and
/// changes when somebody writes to it.
package struct FileIdentity: Sendable, Hashable {
    package let inode: Int64
    package let size: Int
    /// Nanoseconds since 1970.
    package let modified: Int64

    init(_ status: stat) {
        inode = Int64(bitPattern: UInt64(status.st_ino))
        size = Int(status.st_size)
        modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }

    /// nil for what is no open file.
    init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        self.init(status)
    }

    /// Seconds since 1970.
    var time: Double { Double(modified) / 1e9 }
    var microseconds: Int64 { modified / 1000 }
}
