import Buckets
import Foundation
import LightboxCore
import Testing

@Suite("Lists of objects") struct ListTests {
    private static let names = [
        "a", "a-b", "a.c", "b-", "b/1", "b/2", "b/c/1", "b/c/2", "b0", "d/e/f/g", "e\u{301}", "z", "\u{e9}",
    ]

    private func withNames(_ body: (Bench) throws -> Void) throws {
        try Bench.with { bench in
            for name in Self.names { try bench.write(name) }
            for hidden in [".hidden", "b/.x", ".h/y"] { try bench.write(hidden) }
            try FileManager.default.createDirectory(
                atPath: bench.path + "/empty/er", withIntermediateDirectories: true)
            try body(bench)
        }
    }

    /// What Google's service would answer.
    private func reference(_ query: ObjectQuery) -> (names: [String], prefixes: [String]) {
        var (names, prefixes) = ([String](), [String]())
        for name in Self.names {
            let bytes = Array(name.utf8)
            guard bytes.starts(with: query.prefix.utf8), !bytes.lexicographicallyPrecedes(Array(query.start.utf8)),
                query.end.isEmpty || bytes.lexicographicallyPrecedes(Array(query.end.utf8))
            else { continue }
            let rest = String(decoding: bytes.dropFirst(query.prefix.utf8.count), as: UTF8.self)
            if !query.delimiter.isEmpty, let found = rest.range(of: query.delimiter) {
                let common = query.prefix + rest[..<found.upperBound]
                if prefixes.last != common { prefixes.append(common) }
                if query.includesTrailingDelimiter, common == name { names.append(name) }
            } else {
                names.append(name)
            }
        }
        return (names, prefixes)
    }

    @Test("Are in the order of bytes, whatever the page", arguments: [1, 2, 3, 5, 1000])
    func agreeWithReference(limit: Int) throws {
        try withNames { bench in
            for prefix in ["", "a", "b", "b/", "b/c", "b/c/", "d/e", "e\u{301}", "none", "/", "../", ".h", "a/"] {
                for delimiter in ["", "/", "-", "/c/", "c"] {
                    for (start, end) in [
                        ("", ""), ("b", ""), ("b/2", "d/e"), ("b0", "z"), ("", "b/c/2"), ("zz", ""),
                    ] {
                        for trailing in [false, true] {
                            var query = ObjectQuery()
                            (query.prefix, query.delimiter, query.start, query.end) = (
                                prefix, delimiter, start, end
                            )
                            (query.limit, query.includesTrailingDelimiter) = (limit, trailing)
                            let found = try bench.keys { $0 = query }
                            let expected = reference(query)
                            let place = "\(prefix) \(delimiter) \(start) \(end) \(trailing)"
                            #expect(
                                found.names.map { Array($0.utf8) } == expected.names.map { Array($0.utf8) },
                                "\(place)")
                            #expect(found.prefixes == expected.prefixes, "\(place)")
                        }
                    }
                }
            }
        }
    }

    @Test("Patterns", arguments: [("b/*", ["b/1", "b/2"]), ("**/1", ["b/1", "b/c/1"]), ("[az]", ["a", "z"])])
    func patterns(pattern: String, expected: [String]) throws {
        try withNames { bench in
            let found = try bench.keys {
                $0.pattern = Glob(pattern)
                $0.limit = 1
            }
            #expect(found.names == expected)
        }
    }

    @Test("Folders with more names than are held at once are read in pieces") func wideFolders() throws {
        try Bench.with { bench in
            var names: [String] = []
            for number in 0..<300 {
                names.append(number % 10 == 0 ? "f\(number)/x" : "f\(number)")
                try bench.write("w/" + names[number])
            }
            names = names.map { "w/" + $0 }.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
            for width in [1, 2, 7, 1000] {
                var walk = try KeyWalk(bench.bucket, prefix: [], from: [], width: width)
                var found: [String] = []
                while let next = try walk.next() { found.append(next.key.description) }
                #expect(found == names, "\(width)")
            }
        }
    }

    @Test("A token that no list has given is refused", arguments: ["x", "AA==", "////", "AmE=", "!"])
    func badTokens(token: String) throws {
        try Bench.with { bench in
            var query = ObjectQuery()
            query.token = token
            #expect(code { try bench.bucket.list(query) } == .invalidArgument)
        }
    }

    @Test("A list tells what is known, and reads no files") func tellsHashes() throws {
        try Bench.with { bench in
            let made = try bench.put("a")
            try bench.write("b")
            var objects = try bench.bucket.list(ObjectQuery()).objects
            #expect(objects[0] == made && objects[1].hashes == nil)
            let read = try bench.object("b")
            objects = try bench.bucket.list(ObjectQuery()).objects
            #expect(objects[1] == read && read.hashes == made.hashes)
        }
    }
}
