import Foundation

/// Inputs and outputs that are whole folders, or files that libraries open by themselves.
extension Home {
    /// The path of a model, of weights, of settings: of objects elsewhere copies are made here first, under their own
    /// names, in a folder of the cache.
    ///
    /// - Returns: for a path of this machine that path.
    public func fetched(_ address: String) throws -> String {
        let path = try localPath(of: address)
        guard RemoteFiles.isRemote(path) else { return path }
        var files = try files(at: address)
        let isFile = files == [path]
        if isFile, path.hasSuffix(".xml") {
            let weights = (path as NSString).deletingPathExtension + ".bin"
            if RemoteFiles.exists(weights) { files.append(weights) }
        }
        let trimmed = path.hasSuffix("/") ? String(path.dropLast()) : path
        let base = isFile ? (path as NSString).deletingLastPathComponent : trimmed
        let lines = try files.map { "\($0)\n\(try RemoteFiles.remoteStatus(of: $0)?.stamp ?? "")" }
        let hash = ContentHash(of: lines.joined(separator: "\n").utf8).description.prefix(32)
        let place = "\(cache)/fetched/\(hash)"
        let name = (trimmed as NSString).lastPathComponent
        let folder = isFile ? place : "\(place)/\(name)"
        try Self.gather(files, below: base, in: place, folder) { _ in }
        return isFile ? "\(folder)/\(name)" : folder
    }

    /// The same for files that are known, with the hashes that they must have: the files of a model's version.
    ///
    /// - Parameter path: of the folder that they lie in.
    /// - Returns: a folder of the cache with `path`'s name, which stays while this process lives.
    /// - Throws: ``FileFailure`` for a file that has other bytes.
    public func fetched(_ files: [HashedFile], of path: String) throws -> String {
        let lines = [(path as NSString).lastPathComponent] + files.map { "\($0.name) \($0.bytes) \($0.sha256)" }
        let hash = ContentHash(of: lines.joined(separator: "\n").utf8).description.prefix(32)
        let place = "\(versions)/\(hash)"
        let folder = "\(place)/\((path as NSString).lastPathComponent)"
        try Self.gather(files.map { path + "/" + $0.name }, below: path, in: place, folder) { copies in
            for file in files where try ContentHash(ofFile: copies + "/" + file.name) != file.sha256 {
                throw FileFailure(path: path + "/" + file.name, errno: EBADMSG)
            }
        }
        return folder
    }

    /// Puts copies where `folder` is to be, whole or not at all, unless they are there.
    ///
    /// - Parameter check: gets the folder that they stand in meanwhile.
    private static func gather(
        _ files: [String], below base: String, in place: String, _ folder: String, check: (String) throws -> Void
    ) throws {
        var waits = 0
        while !HeldFolders.hold(place) {
            if FileManager.default.fileExists(atPath: place) {
                // Somebody removes it, or has just made it. A file system without locks never says yes.
                guard waits < 250 else { return }
                waits += 1
                usleep(20_000)
            } else {
                try bring(files, below: base, in: place, folder, check: check)
            }
        }
    }

    private static func bring(
        _ files: [String], below base: String, in place: String, _ folder: String, check: (String) throws -> Void
    ) throws {
        let staging = "\(place).\(UUID().uuidString.prefix(8)).part"
        let inside = staging + folder.dropFirst(place.count)
        try FileManager.default.createDirectory(
            atPath: staging, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let descriptor = open(staging, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure(path: staging, errno: errno) }
        Leftovers.claim(descriptor)
        defer { close(descriptor) }
        do {
            for file in files {
                let target = inside + file.dropFirst(base.count)
                try FileManager.default.createDirectory(
                    atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
                let copy = try RemoteFiles.file(of: file)
                if link(copy, target) != 0 { try FileManager.default.copyItem(atPath: copy, toPath: target) }
            }
            try check(inside)
            guard rename(staging, place) == 0 || errno == ENOTEMPTY || errno == EEXIST else {
                throw FileFailure(path: place, errno: errno)
            }
        } catch {
            try? FileManager.default.removeItem(atPath: staging)
            throw error
        }
        try? FileManager.default.removeItem(atPath: staging)
    }

    /// The folder in which an output is made that is read again while it grows; ``publish(_:)`` brings it to its place.
    public func outputFolder(of address: String) throws -> String {
        try outgoingFolder(of: address) ?? localPath(of: address)
    }

    /// Sends the files of an ``outputFolder(of:)`` to their address; nothing to do for one of this machine.
    public func publish(_ address: String) throws {
        guard let folder = try outgoingFolder(of: address) else { return }
        let path = try localPath(of: address)
        let target = path.hasSuffix("/") ? String(path.dropLast()) : path
        let base = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        for file in try FileTree.files(below: base) {
            try RemoteFiles.put(file, as: target + file.dropFirst(base.count))
        }
    }

    /// An address for people: of an output's folder where it ends up.
    public func shown(_ path: String) -> String {
        path.hasPrefix(outgoing + "/")
            ? RemoteFiles.shown(objects + path.dropFirst(outgoing.count)) : RemoteFiles.shown(path)
    }
}
