import Testing
import Warehouse

/// Answers as RE2 gives them (github.com/google/re2/wiki/Syntax).
@Suite("Regular expressions") struct PatternTests {
    private func found(_ pattern: String, in text: String) throws -> [String?]? {
        let compiled = try LinearPattern(pattern)
        let scalars = Array(text.unicodeScalars)
        return compiled.match(scalars).map { match in
            (0...compiled.groups).map { group in
                match[2 * group] < 0
                    ? nil : String(String.UnicodeScalarView(scalars[match[2 * group]..<match[2 * group + 1]]))
            }
        }
    }

    @Test(
        "The first match, and its groups",
        arguments: [
            ("b+", "aabbb", ["bbb"]), ("a|ab", "ab", ["a"]), ("(a|ab)(c|bcd)", "abcd", ["abcd", "a", "bcd"]),
            ("a.c", "a\nc abc", ["abc"]), ("(?s)a.c", "a\nc", ["a\nc"]), ("^b", "ab", nil),
            ("(?m)^b$", "a\nb\nc", ["b"]),
            ("a{2,3}", "aaaa", ["aaa"]), ("a{2,3}?", "aaaa", ["aa"]), ("(a*)(a*)", "aa", ["aa", "aa", ""]),
            ("(a)|(b)", "b", ["b", nil, "b"]), ("\\bcat\\b", "concat cat", ["cat"]),
            ("[^a-c]+", "abcxyz", ["xyz"]),
            ("[[:alpha:]]+", "12ab", ["ab"]), ("[\\d.]+", "v1.2", ["1.2"]), ("(?i)ÄB", "äb", ["äb"]),
            ("(?:ab)+", "ababa", ["abab"]),
            ("(?P<x>\\w)\\z", "ab", ["b", "b"]), ("x*", "aaa", [""]), ("[]a]+", "a]", ["a]"]),
            ("a{,2}", "a{,2}", ["a{,2}"]),
            ("\\x41\\x{e4}", "Aä", ["Aä"]),
        ] as [(String, String, [String?]?)])
    func matches(pattern: String, text: String, wanted: [String?]?) throws {
        #expect(try found(pattern, in: text) == wanted)
    }

    @Test(
        "What RE2 refuses",
        arguments: [
            "(", ")", "a**", "*a", "[a", "a{2000}", "(?<=a)b", "(a)\\1", "\\", "[z-a]", "(?=a)",
            "(((a{99}){99}){99})",
        ])
    func refusals(pattern: String) {
        #expect(throws: LinearPattern.Problem.self) { try LinearPattern(pattern) }
    }

    @Test("No pattern takes more than a text's length of time") func linear() throws {
        let text = String(repeating: "a", count: 3000) + "b"
        for pattern in ["(a*)*c", "(a|a)*c", "(a?){50}a{50}c", "(.*)(.*)(.*)(.*)(.*)x"] {
            #expect(try found(pattern, in: text) == nil)
        }
    }
}
