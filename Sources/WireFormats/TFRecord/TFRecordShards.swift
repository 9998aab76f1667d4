import Foundation
import LightboxCore

/// How the files of one set of records are named, and found again.
public enum TFRecordShards {
    /// `PREFIX-00003-of-00010.tfrecord`, with `.gz` behind it when compressed.
    public static func path(
        prefix: String, shard: Int, of shards: Int, compression: RecordCompression = .none
    ) -> String {
        func digits(_ number: Int) -> String {
            String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number)"
        }
        return "\(prefix)-\(digits(shard))-of-\(digits(shards)).tfrecord" + (compression == .gzip ? ".gz" : "")
    }

    public static func paths(prefix: String, shards: Int, compression: RecordCompression = .none) -> [String] {
        (0..<shards).map { path(prefix: prefix, shard: $0, of: shards, compression: compression) }
    }

    /// The files that a list of paths, folders and patterns names, each once: patterns in sorted order.
    ///
    /// Patterns are those of ``Glob``; a folder stands for the `.tfrecord` files below it.
    /// - Parameter list: patterns separated by commas, as Google's tools take them.
    /// - Throws: ``FileFailure`` for a pattern that matches nothing.
    public static func paths(matching list: String) throws -> [String] {
        var found: [String] = []
        for pattern in list.split(separator: ",").map(String.init) {
            let matches = try files(matching: pattern)
            guard !matches.isEmpty else { throw FileFailure(path: pattern, errno: ENOENT) }
            found += matches
        }
        var seen: Set<String> = []
        return found.filter { seen.insert($0).inserted }
    }

    private static func files(matching pattern: String) throws -> [String] {
        if RemoteFiles.isRemote(pattern) {
            let found = try RemoteFiles.files(at: pattern) ?? []
            return found == [pattern] || Glob.hasWildcards(pattern)
                ? found : found.filter { $0.contains(".tfrecord") }
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: pattern, isDirectory: &isFolder) else {
            return try FileTree.files(matching: pattern)
        }
        guard isFolder.boolValue else { return [pattern] }
        return try FileTree.files(below: pattern).filter { $0.contains(".tfrecord") }
    }
}
