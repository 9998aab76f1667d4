import Foundation

/// A path with wildcards: `*` and `?` stay within a folder, `**` crosses folders.
package struct FilePattern: Sendable {
    private let pattern: String

    package init(_ pattern: String) { self.pattern = pattern }

    /// The matching files, sorted; hidden files only where the pattern names the dot.
    ///
    /// - Parameter extensions: the files that a plain folder stands for.
    package func matches(inFolder extensions: Set<String> = []) throws -> [String] {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: pattern, isDirectory: &isFolder) {
            guard isFolder.boolValue else { return [pattern] }
            let names = try FileManager.default.contentsOfDirectory(atPath: pattern).sorted()
            let wanted = names.filter { !$0.hasPrefix(".") && extensions.contains(($0 as NSString).pathExtension) }
            return wanted.map { (pattern as NSString).appendingPathComponent($0) }
        }
        let components = pattern.split(separator: "/", omittingEmptySubsequences: true).map { Array($0.utf8) }
        return files(pattern.hasPrefix("/") ? "/" : "", components[...])
    }

    private func files(_ folder: String, _ components: ArraySlice<[UInt8]>) -> [String] {
        guard let component = components.first else { return [] }
        let rest = components.dropFirst()
        if component == Array("**".utf8) { return filesBelow(folder, rest) }
        var found: [String] = []
        // "a**.dcm": the name may lie any number of folders deeper.
        let crosses = rest.isEmpty && String(decoding: component, as: UTF8.self).contains("**")
        for name in names(in: folder) where Self.matches(Array(name.utf8), component) {
            let path = folder + name
            if rest.isEmpty && !isFolder(path) { found.append(path) }
            if !rest.isEmpty && isFolder(path) { found += files(path + "/", rest) }
        }
        if crosses {
            for name in names(in: folder) where isFolder(folder + name) {
                found += files(folder + name + "/", components)
            }
        }
        return found.sorted()
    }

    private func filesBelow(_ folder: String, _ rest: ArraySlice<[UInt8]>) -> [String] {
        var found =
            rest.isEmpty ? names(in: folder).map { folder + $0 }.filter { !isFolder($0) } : files(folder, rest)
        for name in names(in: folder) where isFolder(folder + name) {
            found += filesBelow(folder + name + "/", rest)
        }
        return found.sorted()
    }

    private func names(in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
        return names.filter { !$0.hasPrefix(".") }
    }

    /// Links to folders are not followed, so that a loop of links ends.
    private func isFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// `*` any run, `?` any byte; without recursion, so that no pattern takes exponential time.
    package static func matches(_ name: [UInt8], _ pattern: [UInt8]) -> Bool {
        let star = UInt8(ascii: "*")
        var (n, p, mark, retry) = (0, 0, -1, 0)
        while n < name.count {
            if p < pattern.count, pattern[p] == star {
                (mark, retry) = (p, n)
                p += 1
            } else if p < pattern.count, pattern[p] == name[n] || pattern[p] == UInt8(ascii: "?") {
                (n, p) = (n + 1, p + 1)
            } else if mark >= 0 {
                retry += 1
                (p, n) = (mark + 1, retry)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == star }
    }
}
