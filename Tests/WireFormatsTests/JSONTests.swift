import Foundation
import LightboxCore
import TestSupport
import Testing
import WireFormats

@Suite("JSON value") struct JSONValueTests {
    @Test("Reads every kind of value, members in their order")
    func kinds() throws {
        let text =
            #" { "b" : [ ] , "a":[1, 2.5,-3e2], "t":true,"f":false,"n":null,"s":"x","i":-7,"m":[1,"q",[2]], "o":{} } "#
        #expect(
            try JSONValue(parsing: text)
                == .object([
                    JSONMember("b", .array([])), JSONMember("a", .numbers([1, 2.5, -300])),
                    JSONMember("t", .bool(true)),
                    JSONMember("f", .bool(false)), JSONMember("n", .null), JSONMember("s", .string("x")),
                    JSONMember("i", .integer(-7)),
                    JSONMember("m", .array([.integer(1), .string("q"), .numbers([2])])),
                    JSONMember("o", .object([])),
                ]))
    }

    @Test(
        "Unescapes strings",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u00e9\ud83d\ude00x""#, "é😀x"),
            (#""é😀""#, "é😀"),
            (#""""#, ""), (#""\u0000""#, "\0"),
        ])
    func strings(json: String, expected: String) throws {
        #expect(try JSONValue(parsing: json) == .string(expected))
        let written = try JSONValue.string(expected).serialized()
        #expect(try JSONValue(parsing: Bytes(written)) == .string(expected))
    }

    @Test(
        "Refuses what the grammar refuses",
        arguments: [
            "", " ", "{", "[", "[1", "[1,", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "01",
            "1.", ".5",
            "+1", "-", "1e", "1e+", "NaN", "Infinity", "tru", "nulll", "\"", "\"\\x\"", "\"\\u12\"", #""\ud800""#,
            #""\udc00""#, "\"\n\"", "1 2", "[1]]", "1e999", "[1e999]", "[1 2]", "[-]", "'a'",
        ])
    func refuses(json: String) {
        let error = #expect(throws: RecordError.self) { try JSONValue(parsing: json) }
        #expect(error?.code == .malformedJSON && error?.offset != nil)
    }

    @Test("Refuses text that is not UTF-8, and depth over the limit") func limits() throws {
        #expect(throws: RecordError.self) { try JSONValue(parsing: Bytes([0x22, 0xff, 0x22])) }
        let deep = { (depth: Int) in String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        #expect(throws: Never.self) { try JSONValue(parsing: deep(128)) }
        let error = #expect(throws: RecordError.self) { try JSONValue(parsing: deep(1_000_000)) }
        #expect(error?.code == .limitExceeded)
        let small = JSONLimits(maximumBytes: 3)
        #expect(throws: RecordError.self) { try JSONValue(parsing: "[1,2]", limits: small) }
    }

    @Test("Reads the nearest Double, as the C library does") func numbers() throws {
        var random = SeededGenerator(seed: 17)
        var texts = [
            "0.1", "-0.0", "1e22", "1e23", "123456789012345678901234567890", "4.9e-324", "2.2250738585072014e-308",
            "9007199254740993", "0.500000000000000166533453693773481063544750213623046875",
            "1.7976931348623157e308",
        ]
        for _ in 0..<20_000 {
            let bits = Double(bitPattern: random.next())
            if bits.isFinite { texts.append("\(bits)") }
            texts.append("\(Float(random.uniform() * 4 - 2))")
            texts.append("\(Double(Float(random.uniform() * 1e-3)))")
            let digits =
                UInt64.random(in: 0...9_999_999_999_999_999_999, using: &random)
                >> UInt64.random(in: 0...60, using: &random)
            texts.append("\(digits)e\(Int.random(in: -40...30, using: &random))")
            texts.append("0.\(digits)")
        }
        for text in texts {
            let value = try JSONValue(parsing: text).double
            #expect(value?.bitPattern == strtod(text, nil).bitPattern, "\(text)")
        }
        #expect(try JSONValue(parsing: "9223372036854775807") == .integer(.max))
        #expect(try JSONValue(parsing: "[9007199254740993]").elements == [.integer(9_007_199_254_740_993)])
    }

    @Test("Writes what it reads") func roundTrip() throws {
        var random = SeededGenerator(seed: 23)
        for _ in 0..<500 {
            let value = randomValue(&random, depth: 4)
            #expect(try JSONValue(parsing: Bytes(value.serialized())) == value)
        }
        #expect(throws: RecordError.self) { try JSONValue.number(.nan).serialized() }
    }

    @Test(
        "Takes images as base 64 in either alphabet, padded or not",
        arguments: [
            ("", []), ("AA==", [0]), ("AA", [0]), ("+/8=", [251, 255]), ("-_8", [251, 255]), ("AQID", [1, 2, 3]),
        ] as [(String, [UInt8])])
    func base64(text: String, bytes: [UInt8]) throws {
        #expect(try JSONValue(parsing: "{\"b64\": \"\(text)\"}").base64 == Bytes(bytes))
        #expect(JSONValue.base64(Bytes(bytes)).base64 == Bytes(bytes))
    }

    @Test("Refuses other text as base 64", arguments: ["A", "A===", "AA=A", "é", "A A=", "=", "AAAA=="])
    func notBase64(text: String) throws {
        #expect(try JSONValue(parsing: "{\"b64\": \"\(text)\"}").base64 == nil)
    }

    @Test("Never traps on damaged text") func mutations() {
        let original = Array(
            #"{"s": "1.2\n\u00e9é", "v": [1,2.5,-3e-7,1.5], "d": {"b64": "AQID"}, "m": [true,null,[{}]]}"#.utf8)
        var random = SeededGenerator(seed: 31)
        for _ in 0..<20_000 {
            _ = try? JSONValue(parsing: Bytes(mutated(original, &random))).base64
        }
    }

    func randomValue(_ random: inout SeededGenerator, depth: Int) -> JSONValue {
        switch Int.random(in: 0...(depth > 0 ? 7 : 4), using: &random) {
        case 0: .null
        case 1: .bool(.random(using: &random))
        case 2: .integer(.random(in: .min ... .max, using: &random))
        case 3: .number(.random(in: -1e10...1e10, using: &random) + 0.5)
        case 4: .string(String(["a", "\"", "\\", "é", "😀", "\u{1}", "\n"].shuffled(using: &random).joined()))
        case 5: .numbers((0...5).map { _ in .random(in: -1...1, using: &random) })
        case 6: .array([.null] + (0..<3).map { _ in randomValue(&random, depth: depth - 1) })
        default: .object((0..<3).map { JSONMember("k\($0)", randomValue(&random, depth: depth - 1)) })
        }
    }
}

@Suite("JSON lines") struct JSONLinesTests {
    let key = InstanceKey(study: "1.2", series: "1.3", instance: "1.4")

    @Test("A vector's line has the form of the batch prediction service") func form() throws {
        var line: [UInt8] = []
        try JSONWriter.append(FeatureVector(key: key, values: [1.61, -0.35, 0, 1e-7, 3e20]), to: &line)
        #expect(
            String(decoding: line, as: UTF8.self)
                == "{\"study\": \"1.2\", \"series\": \"1.3\", \"instance\": \"1.4\", \"feature_vector\": [1.61,-0.35,0.0,1e-07,3e+20]}\n"
        )
        #expect(throws: RecordError.self) {
            try JSONWriter.append(FeatureVector(key: key, values: [.infinity]), to: &line)
        }
    }

    @Test("Every Float comes back to the bit") func floats() throws {
        var random = SeededGenerator(seed: 41)
        var values = (0..<40_000).map { _ in Float(bitPattern: UInt32.random(in: .min ... .max, using: &random)) }
        values.removeAll { !$0.isFinite }
        values += [.leastNonzeroMagnitude, .greatestFiniteMagnitude, -0.0, .leastNormalMagnitude]
        try withTemporaryFolder { folder in
            let writer = try JSONLinesWriter(path: folder + "/v.jsonl")
            try writer.append(FeatureVector(key: key, values: values))
            try writer.append(FeatureVector(key: key, values: []))
            try writer.finish()
            let reader = try JSONLinesReader(path: folder + "/v.jsonl")
            let first = try FeatureVector(#require(try reader.next()))
            #expect(first.key == key && first.values.map(\.bitPattern) == values.map(\.bitPattern))
            #expect(try FeatureVector(#require(try reader.next())).values.isEmpty)
            #expect(try reader.next() == nil)
        }
    }

    @Test("Passes over blank lines, names the place of a damaged one") func damaged() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/l"
            try AtomicFile.write(Array("\u{feff}{\"a\": 1}\r\n\n  \n{\"a\": x}\n{\"a\": 3}".utf8), to: path)
            let skipping = try JSONLinesReader(path: path, onCorruption: .skip)
            #expect(try skipping.next()?.value["a"] == .integer(1))
            let last = try skipping.next()
            #expect(last?.number == 5 && last?.value["a"] == .integer(3))
            #expect(try skipping.next() == nil)
            #expect(skipping.problems.map(\.offset) == [23])
            let strict = try JSONLinesReader(path: path)
            _ = try strict.next()
            let error = #expect(throws: RecordError.self) { try strict.next() }
            #expect(error?.file == path)
        }
    }

    @Test("Reads gzip, and lines longer than a read") func gzip() throws {
        try withTemporaryFolder { folder in
            let text = "{\"s\": \"" + String(repeating: "x", count: 300_000) + "\"}\n"
            let bytes = Array((text + text).utf8)
            for (name, content) in [
                ("plain", bytes), ("gzip", bytes.withUnsafeBytes { Deflater.deflate($0, format: .gzip) }),
            ] {
                try AtomicFile.write(content, to: folder + "/" + name)
                let reader = try JSONLinesReader(path: folder + "/" + name)
                #expect(try reader.next()?.value["s"]?.string?.count == 300_000)
                #expect(try reader.next()?.offset == text.utf8.count)
                #expect(try reader.next() == nil)
                let limits = JSONLimits(maximumBytes: 1000)
                let small = JSONLinesReader(try ByteStream(path: folder + "/" + name), limits: limits)
                #expect(throws: RecordError.self) { try small.next() }
            }
        }
    }
}
