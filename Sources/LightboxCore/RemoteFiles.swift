import Foundation
import Synchronization

/// A folder of this machine whose paths name objects elsewhere. See ``RemoteFiles``.
public protocol RemoteFolder: Sendable {
    /// A file of this machine with the object's bytes; it stays readable for who has opened it.
    func file(of path: String) throws -> String
    /// The objects that a path, a beginning of paths or a pattern names, sorted by their bytes.
    func files(at path: String) throws -> [String]
    /// What stands one level below a path: names of objects, and of beginnings with a slash at their end.
    func names(in path: String) throws -> [String]
    /// Notes what a list elsewhere said of objects that will be asked for in this order: others in their place are errors.
    func expect(_ files: [ExpectedFile])
    /// Bytes of an object, and a text that changes with them; nil when there is none.
    func status(of path: String) throws -> (size: Int, stamp: String)?
    /// Makes a file's bytes the object, whole or not at all.
    func put(_ file: String, as path: String) throws
    func remove(_ path: String) throws
}

extension RemoteFolder {
    public func expect(_ files: [ExpectedFile]) {}
}

/// An object as ``RemoteFolder/status(of:)`` told of it.
public struct ExpectedFile: Sendable, Hashable {
    public let path: String
    public let size: Int
    public let stamp: String

    public init(path: String, size: Int, stamp: String) {
        (self.path, self.size, self.stamp) = (path, size, stamp)
    }
}

/// A folder of the home whose files are objects below one address: every server that names it has the same.
public protocol SharedFolder: RemoteFolder {
    /// `s3://films/ward/dicom`.
    var address: String { get }
    /// Everything below a path as the place lists it now, by the bytes of the paths.
    func forEachFile(below path: String, _ body: (_ path: String, _ size: Int) throws -> Void) throws
    /// An object's bytes as they stand there now, whatever copy is at hand.
    func read(_ path: String, _ receive: (UnsafeRawBufferPointer) throws -> Void) throws
    /// Brings objects soon: they will be asked for.
    func expect(_ paths: [String])
}

/// Files that stand in object storage or on the web, under paths below a folder of the home.
///
/// Stages work with paths. ``Home/localPath(of:)`` gives an address such a path; who opens it asks for a file with the
/// bytes first, and who has finished a file hands it over here. Other paths pass through at the cost of one look.
public enum RemoteFiles {
    private static let isUsed = Atomic<Bool>(false)
    private static let folders = Mutex<[String: any RemoteFolder]>([:])

    /// Makes paths below `root` name objects; what was mounted there stays.
    public static func mount(at root: String, _ folder: () -> any RemoteFolder) {
        folders.withLock { if $0[root] == nil { $0[root] = folder() } }
    }

    /// The same for a folder that servers share.
    public static func share(at root: String, _ folder: () -> any SharedFolder) {
        mount(at: root, folder)
        noteUse()
    }

    static func noteUse() { isUsed.store(true, ordering: .relaxed) }

    private static func owner(of path: String) -> (any RemoteFolder)? {
        guard isUsed.load(ordering: .relaxed) else { return nil }
        return folders.withLock { folders in folders.first { path.hasPrefix($0.key + "/") }?.value }
    }

    public static func isRemote(_ path: String) -> Bool { owner(of: path) != nil }

    /// The folder that a path lies in, where servers share it.
    public static func shared(at path: String) -> (any SharedFolder)? { owner(of: path) as? any SharedFolder }

    /// The path to open for a path.
    public static func file(of path: String) throws -> String { try owner(of: path)?.file(of: path) ?? path }

    /// nil for a path of this machine.
    public static func files(at path: String) throws -> [String]? { try owner(of: path)?.files(at: path) }

    /// Whether there is a file or object; for one elsewhere false also stands for a server that does not say.
    public static func exists(_ path: String) -> Bool {
        guard let owner = owner(of: path) else { return FileManager.default.fileExists(atPath: path) }
        return (try? owner.status(of: path)) != nil
    }

    /// A folder, or what looks like one: a path that is no object.
    public static func isFolder(_ path: String) -> Bool {
        guard let owner = owner(of: path) else {
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
        }
        return (try? owner.status(of: path)) == nil && (try? owner.names(in: path))?.isEmpty == false
    }

    /// Names in a folder, sorted, without slashes; empty when there is none.
    public static func names(in folder: String) throws -> [String] {
        guard let owner = owner(of: folder) else {
            guard FileManager.default.fileExists(atPath: folder) else { return [] }
            return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        }
        return try owner.names(in: folder).map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }.sorted()
    }

    /// Bytes of an object elsewhere; nil for a path of this machine, or nothing there.
    public static func remoteStatus(of path: String) throws -> (size: Int, stamp: String)? {
        try owner(of: path)?.status(of: path)
    }

    /// Notes what a list elsewhere said of objects; files of this machine are left out.
    public static func expect(_ files: [ExpectedFile]) {
        guard let owner = files.first.flatMap({ owner(of: $0.path) }) else { return }
        owner.expect(files)
    }

    /// Makes the folder in which a file for a path elsewhere is written first.
    public static func prepare(_ path: String) throws {
        guard isRemote(path) else { return }
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
    }

    /// Sends a file that stays here.
    package static func put(_ file: String, as path: String) throws { try owner(of: path)?.put(file, as: path) }

    /// Gives a finished file its path: by a rename here, elsewhere by sending it and removing it here.
    public static func commit(_ temporary: String, as path: String) throws {
        guard let owner = owner(of: path) else {
            guard rename(temporary, path) == 0 else { throw FileFailure(path: path, errno: errno) }
            return
        }
        try owner.put(temporary, as: path)
        unlink(temporary)
    }

    /// A file or object that is not there is no error.
    public static func remove(_ path: String) throws {
        guard let owner = owner(of: path) else {
            unlink(path)
            return
        }
        try owner.remove(path)
    }

    /// The exact address of a path elsewhere, with a query that may be a secret; nil for a path of this machine.
    package static func address(of path: String) -> String? {
        guard isUsed.load(ordering: .relaxed) else { return nil }
        return folders.withLock { folders in
            guard let (root, folder) = folders.first(where: { path.hasPrefix($0.key + "/") }) else { return nil }
            guard let shared = folder as? any SharedFolder else {
                return RemotePath.address(of: path, below: root)
            }
            return shared.address + path.dropFirst(root.count)
        }
    }

    /// A text for people: addresses as the user wrote them where it has paths of objects.
    public static func shown(_ text: String) -> String {
        guard isUsed.load(ordering: .relaxed) else { return text }
        var text = text
        for (root, folder) in folders.withLock({ $0.sorted { $0.key < $1.key } }) where text.contains(root + "/") {
            if let shared = folder as? any SharedFolder {
                text = text.replacingOccurrences(of: root + "/", with: shared.address + "/")
                continue
            }
            for scheme in RemotePath.schemes {
                text = text.replacingOccurrences(of: "\(root)/\(scheme)/", with: "\(scheme)://")
            }
        }
        return text
    }
}
