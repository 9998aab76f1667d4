import Figures
import Foundation
import LightboxCore
import Testing

@Suite("Reports on paper") struct PrintTests {
    /// Texts of a drawing with the places of their ends, in points from the sheet's upper left.
    private static func texts(
        _ elements: [Drawing.Element], dx: Double = 0, dy: Double = 0, scale: Double = 1
    ) -> [(text: String, left: Double, right: Double, y: Double)] {
        elements.flatMap { element -> [(String, Double, Double, Double)] in
            switch element {
            case .text(let text):
                let width = TextMetrics.width(text.text, size: text.size, isBold: text.isBold) * scale
                let x = dx + scale * text.place.x
                let left = text.anchor == .start ? x : text.anchor == .end ? x - width : x - width / 2
                return [(text.text, left, left + width, dy + scale * text.place.y)]
            case .placed(let inner, let place, let factor):
                return texts(inner, dx: dx + scale * place.x, dy: dy + scale * place.y, scale: scale * factor)
            case .clipped(let inner, _): return texts(inner, dx: dx, dy: dy, scale: scale)
            default: return []
            }
        }
    }

    private var page: HTMLPage {
        let long = String(repeating: "Words that go on and on. ", count: 80)
        let hash = String(repeating: "0123456789abcdef", count: 12)
        let rows = (0..<150).map { ["row \($0)", "\($0)", "\(long.prefix($0 * 3))"] }
        var page = HTMLPage(
            title: "A report with a title that does not fit on one line of the paper", subtitle: "of tests")
        page.add(
            "First",
            [
                .paragraph(long), .note(long), .code("lightbox query\n\(hash)"),
                .cards([
                    .init("Area", "0.912", note: "0.890 to 0.934"), .init("Cases", "1,024"), .init("A", "1"),
                    .init("B", "2"),
                    .init("C", "3"),
                ]),
            ])
        page.add(
            "Second",
            [
                .table(
                    HTMLTable(
                        caption: "Many",
                        columns: [
                            .init("Name", isNumeric: false), .init("Number"), .init("Words", isNumeric: false),
                        ],
                        rows: rows, highlighted: [3]))
            ])
        var wide = Drawing(width: 900, height: 300)
        wide.text("in the figure", at: Point(880, 290), anchor: .end)
        page.add(
            "Third", [.columns([.figure(wide, caption: "left"), .details("more", [.paragraph("hidden words")])])])
        return page
    }

    @Test("Everything that a page says stands on a sheet, inside its margins")
    func layout() throws {
        let sheets = try page.sheets()
        #expect(sheets.count > 4)
        var said = ""
        for sheet in sheets {
            let texts = Self.texts(sheet.elements)
            for text in texts {
                #expect(text.left >= 47 && text.right <= sheet.width - 47, "\(text)")
                #expect(text.y >= 48 && text.y <= sheet.height - 20, "\(text)")
            }
            said += texts.map(\.text).joined(separator: " ") + " "
        }
        for row in 0..<150 { #expect(said.contains("row \(row) ")) }
        for words in ["0.890 to 0.934", "in the figure", "hidden words", "lightbox query", "left", "Many"] {
            #expect(said.contains(words))
        }
        #expect(said.replacing(" ", with: "").contains("0123456789abcdef0123456789abcdef"))
    }

    @Test("A PDF has the sheets and the title, and its pictures")
    func pdf() throws {
        var page = page
        let red = Image(width: 8, height: 4, channels: 3, samples: .uint8((0..<96).map { $0 % 3 == 0 ? 200 : 10 }))
        var picture = Drawing(width: 8, height: 4)
        picture.image(red, in: Rectangle(x: 0, y: 0, width: 8, height: 4), isSmooth: false)
        let png = try picture.png(scale: 1)
        page.add("Picture", [.picture(png: png, width: 100, description: "red", caption: "red")])
        let sheets = try page.sheets()
        let bytes = try page.pdf()
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix("%PDF-1.") && text.contains("%%EOF"))
        #expect(text.contains("/Count \(sheets.count)"))
        #expect(text.contains("/Subtype /Image"))
        #expect(throws: FigureError.self) {
            page.add("Broken", [.picture(png: [1, 2, 3], width: 10, description: "", caption: "")])
            _ = try page.pdf()
        }
    }
}
