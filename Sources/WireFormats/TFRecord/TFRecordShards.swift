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
    /// `*` and `?` stay within a folder, `**` crosses folders; a folder stands for its `.tfrecord` files.
    /// - Parameter list: patterns separated by commas, as Google's tools take them.
    /// - Throws: ``FileFailure`` for a pattern that matches nothing.
    public static func paths(matching list: String) throws -> [String] {
        var found: [String] = []
        for pattern in list.split(separator: ",").map(String.init) {
            let matches = try FilePattern(pattern).matches(inFolder: ["tfrecord", "tfrecords", "gz"])
            guard !matches.isEmpty else { throw FileFailure(path: pattern, errno: ENOENT) }
            found += matches
        }
        var seen: Set<String> = []
        return found.filter { seen.insert($0).inserted }
    }
}
