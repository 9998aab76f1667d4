import Foundation
import LightboxCore
import TestSupport
import Testing
import WireFormats

@Suite("CSV") struct CSVTests {
    func rows(_ text: String, hasHeader: Bool = false, separator: Character = ",") throws -> [[String]] {
        try withTemporaryFolder { folder in
            try AtomicFile.write(Array(text.utf8), to: folder + "/t.csv")
            let reader = try CSVReader(path: folder + "/t.csv", hasHeader: hasHeader, separator: separator)
            var rows: [[String]] = []
            while let row = try reader.next() { rows.append(row.fields) }
            return rows
        }
    }

    @Test(
        "Reads the cases of RFC 4180",
        arguments: [
            ("a,b\nc,d\n", [["a", "b"], ["c", "d"]]), ("a,b\r\nc,d", [["a", "b"], ["c", "d"]]),
            ("\"a\",\"b\"\n", [["a", "b"]]), ("\"a\nb\",\"c,d\"\r\n", [["a\nb", "c,d"]]),
            ("\"a\"\"b\",\n", [["a\"b", ""]]),
            (",\n", [["", ""]]), ("", []), ("\n\na\n\n", [["a"]]), ("\u{feff}a,ü\n", [["a", "ü"]]),
            ("a\"b,c\n", [["a\"b", "c"]]),
            ("a\rb\r", [["a"], ["b"]]),
        ] as [(String, [[String]])])
    func cases(text: String, expected: [[String]]) throws {
        #expect(try rows(text) == expected)
    }

    @Test("Finds fields by the header's names and counts lines") func header() throws {
        try withTemporaryFolder { folder in
            try AtomicFile.write(Array("id,label\n1,\"a\nb\"\n2,c\n3\n".utf8), to: folder + "/t.csv")
            let reader = try CSVReader(path: folder + "/t.csv")
            #expect(reader.header == ["id", "label"])
            #expect(try reader.next()?["label"] == "a\nb")
            let second = try reader.next()
            #expect(second?.line == 4 && second?["id"] == "2" && second?["none"] == nil)
            let error = #expect(throws: RecordError.self) { try reader.next() }
            #expect(error?.description.contains("Line 5") == true)
        }
    }

    @Test("Refuses a quote that does not end and text behind one", arguments: ["\"a", "\"a\"b,c", "a\n\"b\nc"])
    func refuses(text: String) {
        #expect(throws: RecordError.self) { try rows(text) }
    }

    @Test("Other separators; a row over the limit is refused") func options() throws {
        #expect(try rows("a\tb,c\n", separator: "\t") == [["a", "b,c"]])
        try withTemporaryFolder { folder in
            try AtomicFile.write([UInt8](repeating: 0x61, count: 5000), to: folder + "/t.csv")
            let stream = try ByteStream(path: folder + "/t.csv")
            #expect(throws: RecordError.self) { try CSVReader(stream, maximumRowBytes: 100) }
        }
    }

    @Test("Reads what it wrote, whatever the text") func roundTrip() throws {
        var random = SeededGenerator(seed: 51)
        let pieces = ["a", ",", "\"", "\n", "\r", "ü", " ", ""]
        let table = (0..<500).map { _ in
            (0..<3).map { _ in (0..<4).map { _ in pieces.randomElement(using: &random)! }.joined() }
        }
        try withTemporaryFolder { folder in
            for end in ["\n", "\r\n"] {
                let writer = try CSVWriter(path: folder + "/t.csv", header: ["x", "y", "z"], lineEnd: end)
                for row in table { try writer.append(row) }
                try writer.finish()
                let reader = try CSVReader(path: folder + "/t.csv")
                for row in table { #expect(try reader.next()?.fields == row) }
                #expect(try reader.next() == nil)
            }
        }
    }

    @Test("Never traps on damaged text") func mutations() throws {
        var random = SeededGenerator(seed: 61)
        let original = Array("\"a\"\"b\",c\r\n1,\"x\ny\"\n,,é\n".utf8)
        try withTemporaryFolder { folder in
            for round in 0..<1000 {
                try Data(mutated(original, &random)).write(to: URL(fileURLWithPath: folder + "/m\(round)"))
                let reader = try? CSVReader(path: folder + "/m\(round)")
                while (try? reader?.next()) != nil {}
            }
        }
    }
}
