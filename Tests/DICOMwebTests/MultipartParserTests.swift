import DICOMweb
import LightboxCore
import Testing

@Suite("Multipart parser") struct MultipartParserTests {
    static let content: [[UInt8]] = [
        Array("\r\n--b\r\n--b0x\r\n-".utf8), [], Array("\n".utf8), [13], Array(repeating: 10, count: 40),
        (0...255).map { UInt8($0) },
    ]

    /// Writers end lines with CRLF or a bare LF, and put more or less around the parts.
    static func message(line: String, preamble: String, epilogue: String, padding: String = "") -> [UInt8] {
        var message = Array(preamble.utf8)
        for part in content {
            message += Array("--b0\(padding)\(line)content-TYPE: x/y\(line)MIME-Version: 1.0\(line)\(line)".utf8)
            message += part + Array(line.utf8)
        }
        return message + Array("--b0--\(epilogue)".utf8)
    }

    @Test(
        "Reads what writers write, cut at every size",
        arguments: [
            message(line: "\r\n", preamble: "", epilogue: "\r\n"),
            message(line: "\r\n", preamble: "to be\r\n--b0x passed\r\nover\r\n", epilogue: ""),
            message(line: "\r\n", preamble: "\r\n", epilogue: "\r\n--b0\r\nno: part\r\n", padding: " \t"),
            message(line: "\n", preamble: "preamble\n", epilogue: "\nepilogue"),
        ])
    func cuts(message: [UInt8]) throws {
        for size in Array(1...70) + [.max] {
            let parts = try collect(message, boundary: "b0", piece: size)
            #expect(parts.count == Self.content.count)
            let usesFeeds = message.starts(with: Array("preamble\n".utf8))
            for (part, expected) in zip(parts, Self.content) {
                // With bare feeds a carriage return at a part's end cannot be told from the line's.
                if usesFeeds && expected == [13] { continue }
                #expect(part.content == expected, "pieces of \(size)")
                #expect(part.headers == ["content-type": "x/y", "mime-version": "1.0"])
            }
        }
    }

    @Test("A part may be without headers, without content, and without a line end of its own") func bare() throws {
        let parts = try collect(Array("--b\r\n\r\nx\r\n--b\r\n\r\n--b--".utf8), boundary: "b")
        #expect(parts.map(\.content) == [[0x78], []])
    }

    @Test(
        "What ends early is an error",
        arguments: [
            "", "--b0", "--b0\r\n", "--b0\r\nA: b", "--b0\r\n\r\ndata", "--b0\r\n\r\ndata\r\n--b0", "text",
        ])
    func cutOff(text: String) {
        #expect(throws: DICOMwebError.self) { try collect(Array(text.utf8), boundary: "b0") }
    }

    @Test("Limits hold") func limits() throws {
        let message = multipart([Array(repeating: 1, count: 100), [2]])
        for limits in [
            MultipartParser.Limits(parts: 1), MultipartParser.Limits(part: 99),
            MultipartParser.Limits(headers: 20),
        ] {
            var parser = MultipartParser(boundary: "b0", limits: limits)
            #expect(throws: DICOMwebError.self) { try message.withUnsafeBytes { try parser.append($0) { _ in } } }
        }
        var parser = MultipartParser(boundary: "b0", limits: .init(parts: 2, part: 100))
        try message.withUnsafeBytes { try parser.append($0) { _ in } }
        #expect(parser.isComplete)
    }

    @Test("Damaged messages end in parts or an error, the same however they are cut") func fuzz() throws {
        var random = SeededGenerator(seed: 5)
        let original = Self.message(line: "\r\n", preamble: "x\r\n", epilogue: "\r\n")
        for _ in 0..<3000 {
            var message = original
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let place = Int.random(in: 0..<message.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: message[place] = UInt8.random(in: 0...255, using: &random)
                case 1: message.removeSubrange(place..<min(message.count, place + 9))
                default: message.insert(contentsOf: Array("\r\n--b0".utf8), at: place)
                }
            }
            let whole = Result { try collect(message, boundary: "b0") }
            let cut = Result {
                try collect(message, boundary: "b0", piece: Int.random(in: 1...40, using: &random))
            }
            switch (whole, cut) {
            case (.success(let whole), .success(let cut)):
                #expect(whole.map(\.content) == cut.map(\.content) && whole.map(\.headers) == cut.map(\.headers))
            case (.failure, .failure): break
            default: Issue.record("cut and whole differ")
            }
        }
    }
}
