import Foundation
public import LightboxCore
import Synchronization

/// Objects of all places as paths below a folder of the home: listed once, brought a few ahead of their use, written
/// whole.
public final class MountedObjects: RemoteFolder {
    private let root: String
    private let cache: ObjectCache
    private let stores: LazyStores
    private let listings = Mutex<[ObjectListing]>([])
    private let fetches: ObjectFetches

    package init(root: String, cache: ObjectCache, _ make: @escaping @Sendable () throws -> ObjectStores) {
        (self.root, self.cache, stores) = (root, cache, LazyStores(make))
        fetches = ObjectFetches()
    }

    /// Lets the paths that ``Home/localPath(of:)`` gives addresses name objects, and the folders that servers share.
    ///
    /// - Throws: ``ObjectError`` when the settings name no address for these.
    public static func mount(_ home: Home, environment: [String: String]) throws {
        RemoteFiles.mount(at: home.objects) {
            MountedObjects(root: home.objects, cache: HomeCache.objects(of: home)) {
                try ObjectStores(home.settings.storage, environment: environment)
            }
        }
        try SharedObjects.mount(home, environment: environment)
    }

    private func address(of path: String) throws -> ObjectAddress {
        guard let text = RemotePath.address(of: path, below: root) else {
            throw FileFailure(path: path, errno: ENOENT)
        }
        // A list may hold keys that no user could write; their paths are escaped.
        for scheme in [ObjectName.Scheme.gs, .s3] where text.hasPrefix("\(scheme.rawValue)://") {
            let rest = text.dropFirst(scheme.rawValue.count + 3)
            let bucket = rest.prefix { $0 != "/" }
            return .object(
                ObjectName(scheme, bucket: String(bucket), key: String(rest.dropFirst(bucket.count + 1))))
        }
        return try ObjectAddress(text)
    }

    private func place(of name: ObjectName) throws -> any ObjectPlace { try stores.place(of: name) }

    private func path(of name: ObjectName) throws -> String {
        guard let path = RemotePath.path(of: name.description, below: root) else {
            throw ObjectError(.invalidAddress, at: name.description, "no path can name it.")
        }
        return path
    }

    // MARK: Reading

    public func file(of path: String) throws -> String {
        let address = try address(of: path)
        guard let (listing, index) = listed(path) else { return try bring(address, facts(of: address)) }
        for next in listing.ahead(of: index, count: 24, bytes: 512 << 20) {
            let (path, facts) = (listing.paths[next], listing.facts[next])
            fetches.order { [self] in _ = try bring(self.address(of: path), facts) }
        }
        return try bring(address, listing.facts[index])
    }

    private func listed(_ path: String) -> (ObjectListing, Int)? {
        let all = listings.withLock { listings in
            listings.removeAll { $0.isIdle(for: .seconds(3600)) }
            return listings
        }
        for listing in all.reversed() { if let index = listing.index(of: path) { return (listing, index) } }
        return nil
    }

    private func facts(of address: ObjectAddress) throws -> ObjectFacts {
        switch address {
        case .object(let name): try place(of: name).facts(of: name)
        case .web(let page): try stores.stores().web.facts(of: page)
        case .local: throw FileFailure(path: address.description, errno: ENOENT)
        }
    }

    /// The copy in the cache, brought if it is not there; two threads that want the same bring it once.
    private func bring(_ address: ObjectAddress, _ facts: ObjectFacts) throws -> String {
        let full: String
        let key: String
        switch address {
        case .object(let name): (full, key) = (name.description, name.key)
        case .web(let page): (full, key) = (page.url, page.path)
        case .local(let path): return path
        }
        let stamp = facts.version ?? facts.etag ?? UUID().uuidString
        let copy = cache.path(of: "\(full)\n\(stamp)\n\(facts.size)", name: key)
        return try fetches.once(copy) {
            if cache.has(copy, size: facts.size) { return copy }
            try cache.prepare(copy, size: facts.size)
            switch address {
            case .object(let name):
                try ObjectFile(from: place(of: name)).bring(name, known: facts, to: copy)
            case .web(let page):
                let web = try stores.stores().web
                try ObjectFile.write(to: copy) { descriptor in
                    _ = try web.read(page) { try FileDescriptorIO.writeAll($0, to: descriptor) }
                }
            case .local: break
            }
            return copy
        }
    }

    public func files(at path: String) throws -> [String] {
        let address = try address(of: path)
        guard case .object(let name) = address else {
            // Its own error, which leaves out the query: that may hold a signature.
            _ = try facts(of: address)
            return [path]
        }
        if !name.key.isEmpty, !name.key.hasSuffix("/"), let facts = try known(name) {
            note([(path, facts)])
            return [path]
        }
        let glob: Glob
        var prefix: String
        if Glob.hasWildcards(name.key) {
            glob = Glob(name.key)
            let parts = name.key.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            prefix = parts.prefix { !Glob.hasWildcards($0) && !$0.contains("\\") }.map { $0 + "/" }.joined()
            let last = parts.first { Glob.hasWildcards($0) || $0.contains("\\") } ?? ""
            prefix += last.prefix { !"*?[\\".contains($0) }
        } else {
            prefix = name.key.isEmpty || name.key.hasSuffix("/") ? name.key : name.key + "/"
            glob = Glob("**")
        }
        let isPattern = Glob.hasWildcards(name.key)
        var found: [(String, ObjectFacts)] = []
        try place(of: name).forEach(of: ObjectName(name.scheme, bucket: name.bucket, key: prefix)) { object in
            let rest = isPattern ? object.key : String(object.key.dropFirst(prefix.count))
            // Keys that end with a slash are how consoles show folders.
            guard object.key.hasPrefix(prefix), !object.key.hasSuffix("/"), glob.matches(rest) else { return }
            found.append(
                (try self.path(of: ObjectName(name.scheme, bucket: name.bucket, key: object.key)), object.facts))
        }
        return note(found)
    }

    public func expect(_ files: [ExpectedFile]) {
        note(
            files.compactMap { file in
                guard case .object(let name)? = try? address(of: file.path) else { return nil }
                // What each service calls a version of an object.
                let facts =
                    name.scheme == .gs
                    ? ObjectFacts(size: file.size, version: file.stamp)
                    : ObjectFacts(size: file.size, etag: file.stamp)
                return (file.path, facts)
            })
    }

    @discardableResult
    private func note(_ found: [(String, ObjectFacts)]) -> [String] {
        guard !found.isEmpty else { return [] }
        let listing = ObjectListing(found.map { (path: $0.0, facts: $0.1) })
        listings.withLock {
            $0.append(listing)
            if $0.count > 64 { $0.removeFirst() }
        }
        return listing.paths
    }

    private func known(_ name: ObjectName) throws -> ObjectFacts? {
        do { return try place(of: name).facts(of: name) } catch let error as ObjectError
            where error.code == .notFound
        {
            return nil
        }
    }

    public func names(in path: String) throws -> [String] {
        guard case .object(let name) = try address(of: path) else { return [] }
        let prefix = name.key.isEmpty || name.key.hasSuffix("/") ? name.key : name.key + "/"
        let start = ObjectName(name.scheme, bucket: name.bucket, key: prefix)
        var (names, next): ([String], String?) = ([], nil)
        repeat {
            let page = try place(of: name).page(of: start, oneLevel: true, after: next)
            names += (page.objects.map(\.key) + page.folders).map { String($0.dropFirst(prefix.count)) }
            next = page.next == next ? nil : page.next
        } while next != nil
        return names.filter { !$0.isEmpty }
    }

    public func status(of path: String) throws -> (size: Int, stamp: String)? {
        let facts: ObjectFacts
        if let (listing, index) = listed(path) {
            facts = listing.facts[index]
        } else {
            let address = try address(of: path)
            if case .object(let name) = address, name.key.isEmpty || name.key.hasSuffix("/") { return nil }
            do { facts = try self.facts(of: address) } catch let error as ObjectError where error.code == .notFound
            {
                return nil
            }
        }
        return (facts.size, facts.version ?? facts.etag ?? "")
    }

    // MARK: Writing

    public func put(_ file: String, as path: String) throws {
        guard case .object(let name) = try address(of: path) else {
            throw ObjectError(
                .readOnly, at: RemoteFiles.shown(path), "web addresses are only read. Write to gs:// or s3://.")
        }
        try place(of: name).write(FileParts(path: file), to: name) { _ in }
        forget(path)
    }

    public func remove(_ path: String) throws {
        guard case .object(let name) = try address(of: path) else { return }
        try place(of: name).delete(name)
        forget(path)
    }

    /// What was listed is no longer what stands there.
    private func forget(_ path: String) { listings.withLock { $0.removeAll { $0.index(of: path) != nil } } }
}
