import Foundation

/// Finds files below a folder in an order that is the same on every machine: by the bytes of their paths.
public enum FileTree {
    /// Every regular file below `folder`, hidden names left out, links followed.
    public static func files(below folder: String) throws -> [String] {
        try files(below: folder, matching: Glob("**"))
    }

    /// The files whose path matches `pattern`, an absolute path or one from the current folder.
    public static func files(matching pattern: String) throws -> [String] {
        let parts = pattern.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let fixed = parts.dropLast().prefix { !Glob.hasWildcards($0) && !$0.contains("\\") }
        let folder = fixed.joined(separator: "/")
        let rest = parts.dropFirst(fixed.count).joined(separator: "/")
        let root = fixed.isEmpty ? "." : folder.isEmpty ? "/" : folder
        guard FileManager.default.fileExists(atPath: root) else { return [] }
        let found = try files(below: root, matching: Glob(rest))
        return fixed.isEmpty ? found.map { String($0.dropFirst(2)) } : found
    }

    /// The files whose path from `folder` matches `glob`.
    public static func files(below folder: String, matching glob: Glob) throws -> [String] {
        var walk = Walk(glob: glob)
        let prefix = folder.hasSuffix("/") ? folder : folder + "/"
        try walk.visit(folder, prefix: prefix, state: glob.start)
        return walk.found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}

private struct Walk {
    struct Identity: Hashable {
        let device: UInt
        let inode: UInt
    }

    let glob: Glob
    var found: [String] = []
    /// The folders above the present one: a link back to one of them is not followed again.
    var ancestors: Set<Identity> = []

    mutating func visit(_ folder: String, prefix: String, state: Glob.State) throws {
        var status = stat()
        guard stat(folder, &status) == 0, let stream = opendir(folder) else {
            throw FileFailure(path: folder, errno: errno)
        }
        defer { closedir(stream) }
        let identity = Identity(device: UInt(status.st_dev), inode: UInt(status.st_ino))
        guard ancestors.insert(identity).inserted else { return }
        defer { ancestors.remove(identity) }
        while let entry = readdir(stream) {
            let name = Self.name(of: entry)
            guard name != ".", name != ".." else { continue }
            let after = glob.advance(state, over: name)
            guard !after.isEmpty else { continue }
            let path = prefix + name
            switch kind(of: path, entry.pointee.d_type) {
            case .file: if glob.accepts(after) { found.append(path) }
            case .folder:
                let inside = glob.advance(after, over: "/")
                if !inside.isEmpty { try visit(path, prefix: path + "/", state: inside) }
            case .other: break
            }
        }
    }

    private enum Kind { case file, folder, other }

    private func kind(of path: String, _ type: UInt8) -> Kind {
        switch Int(type) {
        case Int(DT_REG): return .file
        case Int(DT_DIR): return .folder
        default:
            var status = stat()
            guard stat(path, &status) == 0 else { return .other }
            let format = status.st_mode & S_IFMT
            return format == S_IFREG ? .file : format == S_IFDIR ? .folder : .other
        }
    }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
        withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
