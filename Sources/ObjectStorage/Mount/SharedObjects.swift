import Foundation
public import LightboxCore
import Synchronization

/// A folder of the home as objects below one prefix, under the same names: what a server puts there, every server that
/// names the prefix has at once.
///
/// A file that is called by the SHA-256 of its bytes never changes, so its copy is good without a question.
public final class SharedObjects: SharedFolder {
    private let root: String
    /// Its key is the beginning of all keys, without a slash at its end.
    private let base: ObjectName
    private let cache: ObjectCache
    private let stores: LazyStores
    private let fetches = ObjectFetches()
    /// What could not be brought a moment ago: who waits for the same is told so, and does not wait once more.
    private let failures = Mutex<[String: (end: ContinuousClock.Instant, error: any Error)]>([:])

    package init(
        root: String, base: ObjectName, cache: ObjectCache, _ make: @escaping @Sendable () throws -> ObjectStores
    ) {
        (self.root, self.base, self.cache, stores) = (root, base, cache, LazyStores(make))
    }

    /// Who waits for an instance to be stored is told soon when it cannot be.
    package static var retries: RetryPolicy {
        var retries = RetryPolicy()
        (retries.attempts, retries.longestDelay, retries.totalSeconds) = (5, 4, 45)
        return retries
    }

    /// Makes the folders of a home that its settings put onto object storage name objects.
    static func mount(_ home: Home, environment: [String: String]) throws {
        guard let files = home.settings.files else { return }
        let storage = home.settings.storage
        for root in [home.dicom, home.models] {
            let address = "\(files)/\((root as NSString).lastPathComponent)"
            guard case .object(let base) = try ObjectAddress(address) else { continue }
            RemoteFiles.share(at: root) {
                SharedObjects(root: root, base: base, cache: HomeCache.objects(of: home)) {
                    try ObjectStores(storage, environment: environment, retries: retries)
                }
            }
        }
    }

    public var address: String { base.description }

    private func name(of path: String) -> ObjectName {
        ObjectName(base.scheme, bucket: base.bucket, key: base.key + path.dropFirst(root.count))
    }

    /// Of a file that is called by it: `ab/abcd….dcm`.
    private static func contentHash(of path: String) -> ContentHash? {
        let name = (path as NSString).lastPathComponent
        return name.hasSuffix(".dcm") ? ContentHash(String(name.dropLast(4))) : nil
    }

    private func copy(of name: ObjectName, _ hash: ContentHash) -> String {
        cache.path(of: "content\n\(name)\n\(hash)", name: name.key)
    }

    // MARK: Reading

    public func file(of path: String) throws -> String {
        let name = name(of: path)
        guard let hash = Self.contentHash(of: path) else { return try bring(name) }
        let copy = copy(of: name, hash)
        // Without waiting for those who bring another one.
        if cache.has(copy, size: nil) { return copy }
        let asked = ContinuousClock.now
        return try fetches.once(copy) {
            if cache.has(copy, size: nil) { return copy }
            if let failure = failures.withLock({ $0[copy] }), asked < failure.end { throw failure.error }
            do { return try bring(name, hash, to: copy) } catch {
                failures.withLock { failures in
                    if failures.count > 1000 { failures = [:] }
                    failures[copy] = (.now, error)
                }
                throw error
            }
        }
    }

    private func bring(_ name: ObjectName, _ hash: ContentHash, to copy: String) throws -> String {
        try cache.prepare(copy, size: 0)
        var size = 0
        try ObjectFile.write(to: copy) { descriptor in
            var hasher = ContentHasher()
            _ = try stores.place(of: name).read(name, nil, known: nil) { piece in
                hasher.update(piece)
                size += piece.count
                try FileDescriptorIO.writeAll(piece, to: descriptor)
            }
            guard hasher.finalize() == hash else {
                throw ObjectError(
                    .wrongContent, at: name.description,
                    "the bytes that came are not those that were stored. See 'lightbox dicom verify'.")
            }
        }
        cache.note(size)
        return copy
    }

    private func bring(_ name: ObjectName) throws -> String {
        let place = try stores.place(of: name)
        let facts = try place.facts(of: name)
        let stamp = facts.version ?? facts.etag ?? UUID().uuidString
        let copy = cache.path(of: "\(name)\n\(stamp)\n\(facts.size)", name: name.key)
        return try fetches.once(copy) {
            if cache.has(copy, size: facts.size) { return copy }
            try cache.prepare(copy, size: facts.size)
            try ObjectFile(from: place).bring(name, known: facts, to: copy)
            return copy
        }
    }

    public func expect(_ paths: [String]) {
        for path in paths where Self.contentHash(of: path) != nil {
            fetches.order { [self] in _ = try file(of: path) }
        }
    }

    public func read(_ path: String, _ receive: (UnsafeRawBufferPointer) throws -> Void) throws {
        let name = name(of: path)
        _ = try stores.place(of: name).read(name, nil, known: nil, receive: receive)
    }

    public func status(of path: String) throws -> (size: Int, stamp: String)? {
        let name = name(of: path)
        do {
            let facts = try stores.place(of: name).facts(of: name)
            return (facts.size, facts.version ?? facts.etag ?? "")
        } catch let error as ObjectError where error.code == .notFound {
            return nil
        }
    }

    public func forEachFile(below path: String, _ body: (_ path: String, _ size: Int) throws -> Void) throws {
        let start = name(of: path + "/")
        try stores.place(of: start).forEach(of: start) { object in
            // Keys that end with a slash are how consoles show folders.
            guard object.key.hasPrefix(start.key), !object.key.hasSuffix("/") else { return }
            try body(root + object.key.dropFirst(base.key.count), object.facts.size)
        }
    }

    public func files(at path: String) throws -> [String] {
        var found: [String] = []
        try forEachFile(below: path) { path, _ in found.append(path) }
        return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    public func names(in path: String) throws -> [String] {
        let start = name(of: path + "/")
        var (names, next): ([String], String?) = ([], nil)
        repeat {
            let page = try stores.place(of: start).page(of: start, oneLevel: true, after: next)
            names += (page.objects.map(\.key) + page.folders).map { String($0.dropFirst(start.key.count)) }
            next = page.next == next ? nil : page.next
        } while next != nil
        return names.filter { !$0.isEmpty }
    }

    // MARK: Writing

    /// Bytes that are there already are not sent again.
    public func put(_ file: String, as path: String) throws {
        let name = name(of: path)
        let place = try stores.place(of: name)
        let parts = try FileParts(path: file)
        let hash = Self.contentHash(of: path)
        if try hash == nil || !isThere(name, parts, place) { try place.write(parts, to: name) { _ in } }
        if let hash { cache.keep(file, as: copy(of: name, hash), size: parts.size) }
    }

    private func isThere(_ name: ObjectName, _ file: FileParts, _ place: any ObjectPlace) throws -> Bool {
        let facts: ObjectFacts
        do { facts = try place.facts(of: name) } catch let error as ObjectError where error.code == .notFound {
            return false
        }
        return try facts.size == file.size && facts.crc32c == file.crc32c()
    }

    public func remove(_ path: String) throws {
        let name = name(of: path)
        try stores.place(of: name).delete(name)
        if let hash = Self.contentHash(of: path) { unlink(copy(of: name, hash)) }
    }

    // MARK: Looking after it

    /// Writes, reads and removes an object.
    ///
    /// - Throws: ``ObjectError``: why servers cannot keep files there.
    public static func check(_ home: Home, environment: [String: String]) throws {
        guard let files = home.settings.files,
            case .object(let name) = try ObjectAddress("\(files)/.lightbox-\(UUID().uuidString)")
        else { return }
        var retries = RetryPolicy()
        (retries.attempts, retries.totalSeconds) = (2, 15)
        let stores = try ObjectStores(home.settings.storage, environment: environment, retries: retries)
        guard let place = stores.place(of: name.scheme) else { return }
        let bytes = Bytes(Array(UUID().uuidString.utf8))
        try place.write(bytes, to: name)
        defer { try? place.delete(name) }
        var found: [UInt8] = []
        _ = try place.read(name, nil, known: nil) { found += $0 }
        guard found == bytes.array else {
            throw ObjectError(.wrongContent, at: name.description, "what was written is not what is read.")
        }
        try place.delete(name)
    }
}
