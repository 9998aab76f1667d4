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
        if !FileManager.default.fileExists(atPath: place) {
            try Self.gather(files, below: base, in: place, folder)
        }
        return isFile ? "\(folder)/\(name)" : folder
    }

    /// Puts copies where `folder` is to be, whole or not at all.
    private static func gather(_ files: [String], below base: String, in place: String, _ folder: String) throws {
        let staging = "\(place).\(UUID().uuidString.prefix(8)).part"
        let inside = staging + folder.dropFirst(place.count)
        do {
            for file in files {
                let target = inside + file.dropFirst(base.count)
                try FileManager.default.createDirectory(
                    atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
                let copy = try RemoteFiles.file(of: file)
                if link(copy, target) != 0 { try FileManager.default.copyItem(atPath: copy, toPath: target) }
            }
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
