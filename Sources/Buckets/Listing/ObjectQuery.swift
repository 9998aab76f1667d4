import Foundation
package import LightboxCore

/// Which objects of a bucket a list is to have.
package struct ObjectQuery: Sendable {
    package var prefix = ""
    /// Names that go on behind the prefix to this text are told of by what they have in common.
    package var delimiter = ""
    /// Also tells of an object that ends with the delimiter.
    package var includesTrailingDelimiter = false
    /// The first name that may come, and the first that may not.
    package var start = ""
    package var end = ""
    package var pattern: Glob?
    /// Objects and prefixes.
    package var limit = 1000
    /// From the list before.
    package var token = ""

    package init() {}

    /// - Throws: ``BucketError`` for a token that no list has given.
    func lowerBound() throws -> [UInt8] {
        guard !token.isEmpty else { return Array(start.utf8) }
        let text = token.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        guard let data = Data(base64Encoded: text), data.count <= 2 * ObjectKey.longest, data.first == 1 else {
            throw BucketError(.invalidArgument, "Invalid pageToken: send one that a list has given.")
        }
        return max(Array(data.dropFirst()), Array(start.utf8)) { $0.precedes($1) }
    }

    static func token(from bound: [UInt8]) -> String {
        Data([1] + bound).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_")
    }

    private func max(_ left: [UInt8], _ right: [UInt8], by precedes: ([UInt8], [UInt8]) -> Bool) -> [UInt8] {
        precedes(left, right) ? right : left
    }
}

/// A piece of a list, by the bytes of the names.
package struct ObjectList: Sendable {
    package var objects: [StoredObject] = []
    package var prefixes: [String] = []
    /// What the next piece is asked for with; nil at the end.
    package var next: String?
}

extension BucketFolder {
    /// Checksums are told where they are known: a list reads no files.
    package func list(_ query: ObjectQuery) throws -> ObjectList {
        let (prefix, end, delimiter) = (
            Array(query.prefix.utf8), Array(query.end.utf8), Array(query.delimiter.utf8)
        )
        var walk = try KeyWalk(self, prefix: prefix, from: query.lowerBound())
        var found: [(key: ObjectKey, file: FileIdentity)] = []
        var list = ObjectList()
        /// Where the list goes on.
        var bound: [UInt8] = []
        while let (key, file) = try walk.next(), end.isEmpty || key.bytes.precedes(end) {
            let common = key.bytes.position(of: delimiter, from: prefix.count).map {
                Array(key.bytes[..<($0 + delimiter.count)])
            }
            if common == nil, let pattern = query.pattern, !pattern.matches(key.description) { continue }
            guard found.count + list.prefixes.count < query.limit else {
                list.next = ObjectQuery.token(from: bound)
                break
            }
            if let common {
                list.prefixes.append(String(decoding: common, as: UTF8.self))
                if query.includesTrailingDelimiter, common == key.bytes { found.append((key, file)) }
                guard let after = common.successor else { break }
                bound = after
                walk.skip(to: after)
            } else {
                found.append((key, file))
                bound = key.bytes + [0]
            }
        }
        list.objects = zip(found, try index.objects(name, found)).map { found, known in
            known ?? StoredObject(bucket: name, key: found.key, file: found.file)
        }
        return list
    }
}
