import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("Glob") struct GlobTests {
    @Test(
        "Matches as shells and gs:// tools do",
        arguments: [
            ("a.dcm", "a.dcm", true), ("a.dcm", "b.dcm", false), ("*.dcm", "a.dcm", true),
            ("*.dcm", "d/a.dcm", false),
            ("**.dcm", "d/e/a.dcm", true), ("**.dcm", "a.dcm", true), ("in**.dcm", "input/d/a.dcm", true),
            ("in**.dcm", "out/a.dcm", false), ("d/**/*.dcm", "d/a.dcm", true), ("d/**/*.dcm", "d/e/f/a.dcm", true),
            ("**/a", "a", true), ("**/a", "d/a", true), ("**/a", "da", false), ("d/**", "d/e/f", true),
            ("?.png", "é.png", true), ("?.png", "ab.png", false), ("?", "/", false), ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false), ("[!a-c]x", "dx", true), ("[]]", "]", true), ("[a", "[a", true),
            ("\\*", "*", true), ("\\*", "a", false), ("*", ".hidden", false), ("**", "d/.hidden", false),
            ("**/.x*", "d/.xy", true), (".*", ".hidden", true), ("a*", "a.b", true), ("", "", true),
            ("*", "", true),
        ])
    func matches(pattern: String, name: String, expected: Bool) {
        #expect(Glob(pattern).matches(name) == expected)
    }

    @Test("Agrees with a plain recursive matcher on 20,000 random pairs") func agreesWithRecursion() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            let pattern = Self.text(of: ["a", "b", "/", "*", "**", "?", "**/", "."], upTo: 6, &random)
            let name = Self.text(of: ["a", "b", "/", "."], upTo: 7, &random)
            let expected = Self.recursive(Array(pattern), Array(name), startsName: true, startsPattern: true)
            #expect(Glob(pattern).matches(name) == expected, "\(pattern) against \(name)")
        }
    }

    @Test("Does not slow down on a pattern made to explode") func noBacktracking() {
        let pattern = String(repeating: "*a", count: 60) + "b"
        #expect(!Glob(pattern).matches(String(repeating: "a", count: 2_000)))
    }

    private static func text(of parts: [String], upTo limit: Int, _ random: inout SeededGenerator) -> String {
        (0..<Int.random(in: 0...limit, using: &random)).map { _ in parts.randomElement(using: &random)! }.joined()
    }

    private static func recursive(
        _ pattern: [Character], _ name: [Character], startsName: Bool, startsPattern: Bool
    ) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        func rest(_ pattern: [Character], _ taken: Int, startsPattern: Bool = false) -> Bool {
            let starts = taken == 0 ? startsName : name[taken - 1] == "/"
            return recursive(pattern, Array(name[taken...]), startsName: starts, startsPattern: startsPattern)
        }
        if first == "*" {
            let stars = pattern.prefix { $0 == "*" }.count
            let behind = Array(pattern[stars...])
            if stars > 1, startsPattern, behind.first == "/" {
                if rest(Array(behind[1...]), 0, startsPattern: true) { return true }
            }
            var starts = startsName
            for taken in 0...name.count {
                // `**/` at the start of a name needs one character before its slash.
                let isFolders = stars > 1 && startsPattern && behind.first == "/"
                if (!isFolders || (taken > 0 && name[0] != "/")) && rest(behind, taken) { return true }
                guard taken < name.count, !(starts && name[taken] == "."), stars > 1 || name[taken] != "/" else {
                    return false
                }
                starts = name[taken] == "/"
            }
            return false
        }
        guard let character = name.first else { return false }
        if first == "?" {
            return character != "/" && !(startsName && character == ".") && rest(Array(pattern[1...]), 1)
        }
        return first == character && rest(Array(pattern[1...]), 1, startsPattern: first == "/")
    }
}

@Suite("File tree") struct FileTreeTests {
    static func withTree<Result>(_ body: (String) throws -> Result) throws -> Result {
        try withTemporaryFolder { folder in
            for path in [
                "b/2.dcm", "b/1.dcm", "a.dcm", "b/c/d/3.dcm", "b/c/4.png", ".hidden.dcm", "b/.part/5.dcm",
            ] {
                let full = folder + "/" + path
                let parent = (full as NSString).deletingLastPathComponent
                try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
                try AtomicFile.write(Array(path.utf8), to: full)
            }
            return try body(folder)
        }
    }

    @Test(
        "Finds what a pattern names, sorted",
        arguments: [
            ("*.dcm", ["a.dcm"]), ("**.dcm", ["a.dcm", "b/1.dcm", "b/2.dcm", "b/c/d/3.dcm"]),
            ("b/*", ["b/1.dcm", "b/2.dcm"]), ("b/**/3.dcm", ["b/c/d/3.dcm"]), ("*/c/*.png", ["b/c/4.png"]),
            ("b/.part/*", ["b/.part/5.dcm"]), ("none/**", []),
        ])
    func finds(pattern: String, expected: [String]) throws {
        try Self.withTree { folder in
            let found = try FileTree.files(matching: folder + "/" + pattern)
            #expect(found == expected.map { folder + "/" + $0 })
        }
    }

    @Test("A link back to a folder above ends") func linkLoop() throws {
        try Self.withTree { folder in
            try FileManager.default.createSymbolicLink(atPath: folder + "/b/up", withDestinationPath: folder)
            let found = try FileTree.files(below: folder + "/b")
            #expect(found.filter { !$0.hasPrefix(folder + "/b/up/") }.count == 4)
            #expect(found.count < 20)
        }
    }
}
