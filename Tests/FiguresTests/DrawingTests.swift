import Figures
import Foundation
import FoundationXML
import LightboxCore
import TestSupport
import Testing

/// Whether a text is XML, and the words in it.
func wordsOfXML(_ text: String) -> [String]? {
    final class Reader: NSObject, XMLParserDelegate {
        var words: [String] = []
        var current = ""
        func parser(
            _: XMLParser, didStartElement: String, namespaceURI: String?, qualifiedName: String?,
            attributes: [String: String] = [:]
        ) { current = "" }
        func parser(_: XMLParser, foundCharacters text: String) { current += text }
        func parser(_: XMLParser, didEndElement: String, namespaceURI: String?, qualifiedName: String?) {
            let word = current.trimmingCharacters(in: .whitespacesAndNewlines)
            if !word.isEmpty { words.append(word) }
            current = ""
        }
    }
    let reader = Reader()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = reader
    return parser.parse() ? reader.words : nil
}

@Suite("Drawing") struct DrawingTests {
    var drawing: Drawing {
        var drawing = Drawing(width: 100, height: 50, summary: "a < b")
        drawing.rectangle(Rectangle(x: 10, y: 10, width: 20, height: 20), fill: Fill(.fixed(Colour(0xff0000))))
        drawing.clipped(to: Rectangle(x: 40, y: 0, width: 10, height: 50)) { inner in
            inner.line(Point(0, 25), Point(100, 25), Stroke(.fixed(Colour(0x0000ff)), width: 4))
        }
        drawing.text("<&\"'>\u{1}", at: Point(95, 45), size: 8, anchor: .end)
        let image = Image(width: 2, height: 1, channels: 3, samples: .uint8([0, 255, 0, 255, 255, 0]))
        drawing.image(image, in: Rectangle(x: 60, y: 10, width: 20, height: 10), isSmooth: false)
        return drawing
    }

    @Test("A PNG has the pixels that were drawn", arguments: [1.0, 2.0]) func pixels(scale: Double) throws {
        let picture = try TestPicture(png: drawing.png(scale: scale))
        #expect(picture.width == Int(100 * scale) && picture.height == Int(50 * scale))
        func pixel(_ x: Double, _ y: Double) -> [UInt8] { picture[Int(x * scale), Int(y * scale)] }
        #expect(pixel(2, 2) == [255, 255, 255] && pixel(20, 20) == [255, 0, 0])
        #expect(
            pixel(45, 25) == [0, 0, 255] && pixel(35, 25) == [255, 255, 255] && pixel(55, 25) == [255, 255, 255])
        #expect(pixel(62, 15) == [0, 255, 0] && pixel(77, 15) == [255, 255, 0])
    }

    @Test("Text stands where it is put, upright text too") func text() throws {
        var drawing = Drawing(width: 100, height: 100)
        drawing.text("HHHH", at: Point(50, 20), size: 10, anchor: .middle, baseline: .middle)
        drawing.text("HHHH", at: Point(20, 60), size: 10, anchor: .middle, baseline: .middle, rotation: -90)
        let picture = try TestPicture(png: drawing.png(scale: 1))
        let width = Int(TextMetrics.width("HHHH", size: 10) / 2)
        #expect(picture.marked(x: (50 - width)..<(50 + width), y: 15..<25) > 60)
        #expect(picture.marked(x: 15..<25, y: (60 - width)..<(60 + width)) > 60)
        #expect(picture.marked(x: 0..<100, y: 0..<14) == 0 && picture.marked(x: 30..<100, y: 30..<100) == 0)
    }

    @Test("SVG is well-formed, whatever the text") func svg() throws {
        let svg = drawing.svg()
        #expect(wordsOfXML(svg) == ["a < b", "<&\"'>"])
        #expect(svg.contains("<rect x=\"10\" y=\"10\" width=\"20\" height=\"20\" fill=\"#ff0000\"/>"))
        #expect(!svg.contains("var(") && !svg.contains("currentColor"))
        #expect(svg.contains("data:image/png;base64,"))
    }

    @Test("Numbers that are not finite leave no trace in SVG") func finite() {
        var drawing = Drawing(width: 10, height: 10)
        drawing.line(Point(.nan, .infinity), Point(1e30, -0.001), Stroke(.ink))
        #expect(drawing.svg().contains("points=\"0,0 1e+30,0\""))
    }

    @Test("Too large a picture is refused") func tooLarge() throws {
        let error = #expect(throws: FigureError.self) { try Drawing(width: 40000, height: 10).png(scale: 1) }
        #expect(error?.kind == .limitExceeded)
    }

    struct References: Codable {
        var maps: [String: [[Int]]]
        var texts: [String]
        var widths: [String: [Double]]
    }

    func references() throws -> References {
        let data = try Data(contentsOf: URL(fileURLWithPath: reference("figures/figures.json")))
        return try JSONDecoder().decode(References.self, from: data)
    }

    @Test("Knows the widths of text without the font", arguments: [false, true]) func widths(isBold: Bool) throws {
        let references = try references()
        for (text, width) in zip(references.texts, try #require(references.widths[isBold ? "bold" : "regular"])) {
            let found = TextMetrics.width(text, size: 1, isBold: isBold)
            // The last text has letters whose width is estimated.
            #expect(abs(found - width) < (text == references.texts.last ? 0.4 : 0.02), "\(text)")
        }
    }

    @Test("Colour maps are matplotlib's within a few levels", arguments: [ColourMap.inferno, .viridis])
    func colourMap(map: ColourMap) throws {
        for (index, expected) in try #require(references().maps[map.rawValue]).enumerated() {
            let colour = map.colour(of: Float(index) / 32)
            let found = [colour.red, colour.green, colour.blue].map(Int.init)
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 6 }, "\(map) at \(index)")
        }
    }

    @Test("Values outside the range take the ends' colours") func ends() {
        let array = NDArray(shape: [1, 5], values: [-1, .nan, 0.5, 3, .infinity])
        let image = ColourMap.grey.image(of: array, range: 0...1)
        #expect(image.samples == .uint8([0, 0, 0, 0, 0, 0, 128, 128, 128, 255, 255, 255, 255, 255, 255]))
        #expect(ColourMap.inferno.colour(of: 2) == ColourMap.inferno.colour(of: 1))
    }
}
