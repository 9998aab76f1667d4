import DICOM
import Foundation
import Testing

@Suite("Window") struct RenderingWindowTests {
    @Test(
        "LINEAR maps modality to display values, ends clamped (PS3.3 C.11.2.1.2.1)",
        arguments: [(-1000, 0), (-160, 0), (-159, 0.6391), (40, 127.8195), (239, 255), (1000, 255)])
    func linear(input: Double, expected: Double) {
        #expect(abs(Window(center: 40, width: 400).apply(input) - expected) < 0.001)
    }

    @Test("LINEAR_EXACT and SIGMOID have half of the range at the centre")
    func halfAtCentre() {
        #expect(Window(center: 40, width: 400, function: .linearExact).apply(40) == 127.5)
        #expect(Window(center: 40, width: 400, function: .sigmoid).apply(40, upTo: 65535) == 32767.5)
    }

    @Test("A width of 1 is a threshold, and values that are no numbers are black")
    func extremes() {
        let window = Window(center: 10, width: 1)
        #expect([9, 9.5, 9.6, 10].map { window.apply($0) } == [0, 0, 255, 255])
        #expect(window.apply(.nan) == 0)
    }

    @Test("Windows that mean nothing are not valid")
    func validity() {
        #expect(!Window.isValid(center: 0, width: 0.5))
        #expect(Window.isValid(center: 0, width: 0.5, function: .sigmoid))
        #expect(!Window.isValid(center: .nan, width: 10) && !Window.isValid(center: 0, width: .infinity))
        let broken = Data(#"{"center":1,"width":0}"#.utf8)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Window.self, from: broken) }
    }
}

@Suite("Window choice") struct RenderingWindowChoiceTests {
    @Test(
        "Is read from its written form",
        arguments: [
            ("file", WindowChoice.fromFile), ("file:3", .file(index: 2)), ("full", .full),
            ("-600,1500", .custom(center: -600, width: 1500)), ("40.5,1e3", .custom(center: 40.5, width: 1000)),
        ])
    func reads(text: String, expected: WindowChoice) throws {
        #expect(WindowChoice(argument: text) == expected)
        #expect(WindowChoice(argument: expected.description) == expected)
        let coded = try JSONEncoder().encode([expected])
        #expect(try JSONDecoder().decode([WindowChoice].self, from: coded) == [expected])
    }

    @Test(
        "Other texts are refused",
        arguments: ["", "File", "file:0", "file:x", "40", "40,", "40,0", "1,2,3", "nan,5", "5,inf"])
    func refuses(text: String) { #expect(WindowChoice(argument: text) == nil) }
}
