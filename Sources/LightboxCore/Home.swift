import Foundation

/// The folder that holds everything Lightbox keeps, and where each thing stands in it.
///
/// A value: nothing is read or written until asked. Published commands name objects in buckets; until a real
/// endpoint is configured, `gs://name/…` and `s3://name/…` both live in `buckets/name/…`. From then on, and for
/// `https://…` always, a path below ``objects`` stands for the address (``RemoteFiles``).
public struct Home: Sendable, Hashable {
    /// Absolute, without a slash at its end.
    public let path: String
    public let settings: HomeSettings

    public init(path: String, settings: HomeSettings = HomeSettings()) {
        self.settings = settings
        let expanded = (path as NSString).expandingTildeInPath
        self.path = URL(fileURLWithPath: expanded).standardizedFileURL.path
    }

    /// `LIGHTBOX_HOME`, or `.lightbox` in the user's own folder.
    public static func defaultPath(environment: [String: String]) -> String {
        if let path = environment["LIGHTBOX_HOME"], !path.isEmpty { return path }
        return (environment["HOME"] ?? NSHomeDirectory()) + "/.lightbox"
    }

    /// The file of its settings.
    public var configuration: String { path + "/lightbox.toml" }
    /// SQLite, unless ``HomeSettings/database`` says otherwise: the DICOM index, the registry, jobs.
    public var catalog: String { path + "/catalog.db" }
    /// SQLite, unless ``HomeSettings/database`` says otherwise: the user's tables.
    public var warehouse: String { path + "/warehouse.db" }
    public var dicom: String { path + "/dicom" }
    public var buckets: String { path + "/buckets" }
    /// SQLite: what files in buckets cannot hold of their objects, such as content types and checksums.
    public var bucketIndex: String { path + "/buckets.db" }
    /// Paths below it name objects elsewhere; what is under way to them lies here.
    public var objects: String { path + "/objects" }
    /// Outputs that are folders, until they are brought to where they belong.
    public var outgoing: String { path + "/outgoing" }
    public var models: String { path + "/models" }
    public var jobs: String { path + "/jobs" }
    public var weights: String { path + "/weights" }
    /// The secret of new names in de-identified files, unless a command names another.
    public var deidentificationKey: String { path + "/deidentification.key" }
    /// Can be deleted at any time.
    public var cache: String { path + "/cache" }

    /// Copies of versions of models where servers share them, each in a folder of its name.
    public var versions: String { cache + "/versions" }

    /// Makes the folders that are missing; only the user may look into them, since they hold patient data.
    public func create() throws {
        let access: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        for folder in [path, dicom, buckets, models, jobs, weights, cache] {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: access)
        }
    }

    /// Where the files of a DICOM store are.
    public func dicomStore(dataset: String, store: String) throws -> String {
        for name in [dataset, store] { try Self.check(name: name, in: "\(dataset)/\(store)") }
        return "\(dicom)/\(dataset)/\(store)"
    }

    /// Where the files of a model's version are.
    public func model(_ model: String, version: String) throws -> String {
        for name in [model, version] { try Self.check(name: name, in: "\(model)/\(version)") }
        return "\(models)/\(model)/\(version)"
    }

    /// The path that `gs://bucket/object`, `s3://bucket/object`, `https://host/page`, `file:///path` or a plain path
    /// has for stages.
    ///
    /// Wildcards stay as they are. A plain path is returned unchanged.
    /// - Throws: ``HomeError`` when the bucket's name is unusable or the object would lie outside its bucket.
    public func localPath(of address: String) throws -> String {
        guard let scheme = address.range(of: "://") else { return address }
        let rest = address[scheme.upperBound...]
        switch address[..<scheme.lowerBound] {
        case "file":
            guard rest.hasPrefix("/") else { throw HomeError(.unknownScheme, address) }
            return rest.removingPercentEncoding ?? String(rest)
        case "gs", "s3":
            let bucket = String(rest.prefix { $0 != "/" })
            try Self.check(name: bucket, in: address)
            let service = address.hasPrefix("gs") ? settings.storage.gs : settings.storage.s3
            guard service.isLocal else { return try remotePath(of: address) }
            let object = rest.dropFirst(bucket.count).split(separator: "/")
            guard !object.contains(where: { $0 == ".." || $0 == "." || $0.utf8.contains(0) }) else {
                throw HomeError(.leavesBucket, address)
            }
            let end = rest.hasSuffix("/") && !object.isEmpty ? "/" : ""
            return ([buckets, bucket] + object.map(String.init)).joined(separator: "/") + end
        case "http", "https": return try remotePath(of: address)
        default: throw HomeError(.unknownScheme, address)
        }
    }

    private func remotePath(of address: String) throws -> String {
        let parts = address.split(separator: "/").dropFirst()
        let isStraight = !parts.contains { $0 == ".." || $0 == "." } && !address.utf8.contains(0)
        guard isStraight, let path = RemotePath.path(of: address, below: objects) else {
            throw HomeError(.leavesBucket, address)
        }
        RemoteFiles.noteUse()
        return path
    }

    /// Whether an address lies where servers keep their own files, which nobody but them and administrators may touch.
    public func isShared(_ address: String) -> Bool {
        settings.files.map { address == $0 || address.hasPrefix($0 + "/") } ?? false
    }

    /// Where an output is made that is a folder and is read again while it grows; nil when that is its own place.
    public func outgoingFolder(of address: String) throws -> String? {
        let path = try localPath(of: address)
        guard path.hasPrefix(objects + "/") else { return nil }
        return outgoing + path.dropFirst(objects.count)
    }

    /// The address of a path in one of the home's buckets or elsewhere; any other path unchanged.
    public func address(of path: String) -> String {
        if let address = RemotePath.address(of: path, below: objects) {
            return RemoteFiles.shown(address)
        }
        guard path.hasPrefix(buckets + "/") else { return path }
        return "gs://" + path.dropFirst(buckets.count + 1)
    }

    /// The files that an argument names: a file, every file below a folder, or what matches a ``Glob``.
    ///
    /// - Parameter source: an address or path as ``localPath(of:)`` takes it.
    /// - Returns: local paths, sorted by their bytes.
    /// - Throws: ``HomeError`` when there is no such file.
    public func files(at source: String) throws -> [String] {
        let local = try localPath(of: source)
        if let found = try RemoteFiles.files(at: local) {
            guard !found.isEmpty else { throw HomeError(.nothingThere, source) }
            return found
        }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: local, isDirectory: &isFolder) {
            return isFolder.boolValue ? try FileTree.files(below: local) : [local]
        }
        let found = Glob.hasWildcards(local) ? try FileTree.files(matching: local) : []
        guard !found.isEmpty else { throw HomeError(.nothingThere, source) }
        return found
    }

    /// Names of buckets, stores and models: letters, digits, `_`, `-`, `.`, not first a dot.
    private static func check(name: String, in address: String) throws {
        let isUsable = name.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
            default: false
            }
        }
        guard isUsable, (1...222).contains(name.utf8.count), !name.hasPrefix(".") else {
            throw HomeError(.invalidName, address)
        }
    }
}

/// A path, address or name that the home folder has no place for.
public struct HomeError: Failure, Equatable {
    public enum Code: String, Sendable { case invalidName, leavesBucket, unknownScheme, nothingThere }

    public let code: Code
    /// The address as it was given; of a web address without its query, which may hold a signature.
    public let address: String

    init(_ code: Code, _ address: String) {
        self.code = code
        self.address = address.hasPrefix("http") ? String(address.prefix { $0 != "?" }) : address
    }

    public var kind: FailureKind { code == .nothingThere ? .notFound : .invalidInput }

    public var description: String {
        switch code {
        case .invalidName:
            "\(address): names consist of letters, digits, '_', '-' and '.', and do not start with a dot."
        case .leavesBucket: "\(address): '.' and '..' are not allowed in an object's name."
        case .unknownScheme:
            "\(address): give a path, gs://BUCKET/…, s3://BUCKET/…, https://HOST/… or file:///PATH."
        case .nothingThere: "\(address): no such file. Quote a pattern, so that the shell leaves it alone."
        }
    }
}
