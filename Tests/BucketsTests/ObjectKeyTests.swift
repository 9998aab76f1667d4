import Buckets
import Testing

@Suite("Names of objects") struct ObjectKeyTests {
    @Test(
        "Only what is a path below the bucket's folder",
        arguments: [
            "", "/", "/etc/passwd", "a//b", "a/", "..", "a/../b", "./a", "a/.", ".hidden", "a/.hidden", "nul\0",
            "line\nend", "line\r",
            String(repeating: "x", count: 256), String(repeating: "a/", count: 512) + "b",
            "a/" + String(repeating: "é", count: 128),
        ])
    func refuses(name: String) {
        #expect(throws: BucketError.self) { try ObjectKey(name) }
    }

    @Test(
        "Spaces, percent signs, colons and other scripts are letters like others",
        arguments: [
            "a", "a b/c%2F?#[]*", "ключ/名前", "a...", "a/b..c", "\\..\\x", "x:y",
            String(repeating: "x", count: 255),
            String(repeating: "a/", count: 511) + "b",
        ])
    func takes(name: String) throws {
        #expect(try ObjectKey(name).description == name)
    }

    @Test func twoSpellingsAreTwoNames() throws {
        #expect("e\u{301}" == "\u{e9}")
        #expect(try ObjectKey("e\u{301}") != ObjectKey("\u{e9}"))
    }
}
