import Foundation

/// Walks the objects of a bucket in the order of their names' bytes, from any name on, with bounded memory.
///
/// A folder's name counts with its slash, so that `a-b` comes before `a/b`.
package struct KeyWalk {
    private struct Entry {
        /// With its slash where it is a folder's.
        let name: [UInt8]
        var isFolder: Bool { name.last == UInt8(ascii: "/") }
    }

    private struct Level {
        /// With a slash at its end, but for the bucket's own.
        let place: [UInt8]
        var entries: [Entry]
        var next = 0
        /// Whether there are more than these.
        var hasMore: Bool
    }

    /// Names that are held of one folder.
    private let width: Int
    private let bucket: BucketFolder
    private let prefix: [UInt8]
    /// No name before this one is given.
    private var lower: [UInt8]
    private var levels: [Level] = []
    /// The folder that was looked into last.
    private var folder: (place: [UInt8], open: OpenFolder)?

    /// - Parameters:
    ///   - prefix: how all names begin.
    ///   - lower: the first name that may come.
    package init(_ bucket: BucketFolder, prefix: [UInt8], from lower: [UInt8], width: Int = 4096) throws {
        (self.bucket, self.prefix, self.width) = (bucket, prefix, width)
        self.lower = prefix.precedes(lower) ? lower : prefix
        let end = prefix.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        let place = Array(prefix[..<end])
        if let level = try level(place) { levels.append(level) }
    }

    /// Leaves out all names that come before this one.
    mutating func skip(to bound: [UInt8]) { if lower.precedes(bound) { lower = bound } }

    /// The next object; nil at the end.
    package mutating func next() throws -> (key: ObjectKey, file: FileIdentity)? {
        while let top = levels.indices.last {
            guard levels[top].next < levels[top].entries.count else {
                let level = levels.removeLast()
                if level.hasMore, let last = level.entries.last {
                    let key = level.place + last.name
                    // UTF-8 has no byte that would leave a folder's name without a successor.
                    skip(to: last.isFolder ? key.successor ?? key : key + [0])
                    if let more = try self.level(level.place) { levels.append(more) }
                }
                continue
            }
            let entry = levels[top].entries[levels[top].next]
            let place = levels[top].place
            levels[top].next += 1
            let key = place + entry.name
            guard isWanted(key, isFolder: entry.isFolder) else { continue }
            if entry.isFolder {
                if let level = try level(key) { levels.append(level) }
            } else if let folder = try open(place), let status = try folder.status(entry.name),
                status.st_mode & S_IFMT == S_IFREG
            {
                return (ObjectKey(checked: key), FileIdentity(status))
            }
        }
        return nil
    }

    /// Whether a name, or one below a folder, may be given.
    private func isWanted(_ key: [UInt8], isFolder: Bool) -> Bool {
        guard key.starts(with: prefix) || isFolder && prefix.starts(with: key) else { return false }
        return !key.precedes(lower) || isFolder && lower.starts(with: key)
    }

    private mutating func open(_ place: [UInt8]) throws -> OpenFolder? {
        if let folder, folder.place == place { return folder.open }
        let parts = place.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropLast().map(
            Array.init)
        guard parts.allSatisfy({ !$0.isEmpty && ObjectKey.isVisible($0) }),
            let open = try bucket.root.folder(parts)
        else { return nil }
        folder = (place, open)
        return open
    }

    /// The first names of a folder from ``lower`` on; nil where there is none.
    private mutating func level(_ place: [UInt8]) throws -> Level? {
        guard let folder = try open(place) else { return nil }
        var names: [[UInt8]] = []
        var hasMore = false
        func cut() {
            names.sort { $0.precedes($1) }
            guard names.count > width else { return }
            names.removeLast(names.count - width)
            hasMore = true
        }
        try folder.visit { name, kind in
            guard kind != .other, ObjectKey.isVisible(name) else { return }
            let name = kind == .folder ? name + [UInt8(ascii: "/")] : name
            let key = place + name
            guard key.count <= ObjectKey.longest, isWanted(key, isFolder: kind == .folder) else { return }
            names.append(name)
            if names.count >= 2 * width { cut() }
        }
        cut()
        return Level(place: place, entries: names.map(Entry.init), hasMore: hasMore)
    }
}

extension [UInt8] {
    func precedes(_ other: [UInt8]) -> Bool { lexicographicallyPrecedes(other) }

    /// The first bytes behind all that begin with these; nil where all end with them.
    var successor: [UInt8]? {
        var bytes = self
        while let last = bytes.popLast() { if last < 0xff { return bytes + [last + 1] } }
        return nil
    }

    func position(of part: [UInt8], from start: Int) -> Int? {
        guard !part.isEmpty, count - start >= part.count else { return nil }
        return (start...(count - part.count)).first { self[$0..<$0 + part.count].elementsEqual(part) }
    }
}
