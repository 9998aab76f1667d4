import Foundation
import LightboxCore

extension HTMLPage {
    /// The same report as a PDF file, on A4: sections in their order, nothing folded away, page numbers at the foot.
    public func pdf() throws -> [UInt8] {
        try PDFDocument(pages: sheets(), title: title).bytes()
    }

    /// The sheets of paper.
    package func sheets() throws -> [Drawing] { try PrintLayout(self).pages() }
}

/// Lays a report's blocks on sheets of paper.
struct PrintLayout {
    /// A4 in points.
    static let paper = (width: 595.28, height: 841.89)
    private static let margin = 48.0
    private static let foot = 34.0
    static let textSize = 9.5

    /// What stays on one sheet.
    private struct Piece {
        var drawing: Drawing
        /// A heading, which stays with what follows.
        var leads = false
    }

    private let page: HTMLPage
    private let width = PrintLayout.paper.width - 2 * PrintLayout.margin

    init(_ page: HTMLPage) { self.page = page }

    func pages() throws -> [Drawing] {
        var pieces = [Piece(drawing: title, leads: true)]
        for section in page.sections {
            pieces.append(
                Piece(drawing: heading(section.title, size: 13, width: width, isRuled: true), leads: true))
            for block in section.blocks { pieces += try self.pieces(block, width: width) }
        }
        return numbered(spread(pieces))
    }

    // MARK: Sheets

    private func spread(_ pieces: [Piece]) -> [Drawing] {
        let bottom = Self.paper.height - Self.margin - Self.foot
        var sheets = [sheet]
        var place = Self.margin
        for (index, piece) in pieces.enumerated() {
            // A heading needs room for the beginning of what it leads.
            let next = piece.leads && index + 1 < pieces.count ? min(pieces[index + 1].drawing.height, 120) : 0
            if place + piece.drawing.height + next > bottom, place > Self.margin {
                sheets.append(sheet)
                place = Self.margin
            }
            sheets[sheets.count - 1].add(piece.drawing, at: Point(Self.margin, place))
            place += piece.drawing.height
        }
        return sheets
    }

    private var sheet: Drawing { Drawing(width: Self.paper.width, height: Self.paper.height) }

    private func numbered(_ sheets: [Drawing]) -> [Drawing] {
        let lines = TextLines.wrapped(HTMLPage.disclaimer, width: width - 60, size: 7.5)
        return sheets.enumerated().map { index, sheet in
            var sheet = sheet
            let top = Self.paper.height - Self.margin - 8
            sheet.line(
                Point(Self.margin, top), Point(Self.margin + width, top), Stroke(.grid, width: 0.5))
            for (number, line) in lines.enumerated() {
                sheet.text(line, at: Point(Self.margin, top + 11 + 10 * Double(number)), size: 7.5, paint: .muted)
            }
            sheet.text(
                "\(index + 1) / \(sheets.count)", at: Point(Self.margin + width, top + 11), size: 7.5,
                anchor: .end,
                paint: .muted)
            return sheet
        }
    }

    // MARK: Blocks

    private func pieces(_ block: HTMLPage.Block, width: Double) throws -> [Piece] {
        switch block {
        case .paragraph(let words): [Piece(drawing: paragraph(words, width: width))]
        case .note(let words): [Piece(drawing: note(words, width: width))]
        case .code(let words): [Piece(drawing: code(words, width: width))]
        case .heading(let words): [Piece(drawing: heading(words, size: 11, width: width), leads: true)]
        case .table(let table): PrintedTable(table, width: width).drawings().map { Piece(drawing: $0) }
        case .cards(let cards): [Piece(drawing: self.cards(cards, width: width))]
        case .figure(let drawing, let caption):
            [Piece(drawing: picture(drawing.fitted(to: width), caption, width: width))]
        case .picture(let png, let size, _, let caption):
            [Piece(drawing: picture(try Drawing(png: png, width: min(size, width)), caption, width: width))]
        case .columns(let blocks): [Piece(drawing: try columns(blocks, width: width))]
        case .details(let title, let blocks):
            try [Piece(drawing: heading(title, size: 11, width: width), leads: true)]
                + blocks.flatMap { try pieces($0, width: width) }
        }
    }

    private var title: Drawing {
        var drawing = TextLines.drawing(page.title, width: width, size: 18, isBold: true)
        if !page.subtitle.isEmpty {
            drawing = drawing.over(TextLines.drawing(page.subtitle, width: width, size: 10, paint: .muted), gap: 4)
        }
        return drawing.padded(bottom: 6)
    }

    private func heading(_ words: String, size: Double, width: Double, isRuled: Bool = false) -> Drawing {
        var drawing = TextLines.drawing(words, width: width, size: size, isBold: true).padded(top: 14, bottom: 5)
        if isRuled {
            drawing.line(
                Point(0, drawing.height), Point(width, drawing.height), Stroke(.grid, width: 0.8))
            drawing = drawing.padded(bottom: 6)
        }
        return drawing
    }

    private func paragraph(_ words: String, width: Double) -> Drawing {
        TextLines.drawing(words, width: width, size: Self.textSize).padded(top: 3, bottom: 5)
    }

    private func note(_ words: String, width: Double) -> Drawing {
        let text = TextLines.drawing(words, width: width - 14, size: Self.textSize)
        var drawing = Drawing(width: width, height: text.height + 14)
        drawing.rectangle(
            Rectangle(x: 0, y: 3, width: 3, height: text.height + 6), fill: Fill(.series(1)))
        drawing.add(text, at: Point(12, 6))
        return drawing
    }

    private func code(_ words: String, width: Double) -> Drawing {
        let lines = words.split(separator: "\n", omittingEmptySubsequences: false).flatMap {
            TextLines.wrapped(String($0), width: width - 16, size: 8)
        }
        var drawing = Drawing(width: width, height: 11.5 * Double(lines.count) + 18)
        drawing.rectangle(
            Rectangle(x: 0, y: 3, width: width, height: drawing.height - 8), fill: Fill(.grid, opacity: 0.35),
            radius: 3)
        for (index, line) in lines.enumerated() {
            drawing.text(line, at: Point(8, 17 + 11.5 * Double(index)), size: 8)
        }
        return drawing
    }

    private func cards(_ cards: [HTMLPage.Card], width: Double) -> Drawing {
        let inRow = max(1, min(cards.count, 4))
        let step = width / Double(inRow)
        let rows = stride(from: 0, to: cards.count, by: inRow).map {
            Array(cards[$0..<min($0 + inRow, cards.count)])
        }
        return rows.reduce(Drawing(width: width, height: 4)) { drawing, row in
            let texts = row.map { card -> Drawing in
                let name = TextLines.drawing(card.name, width: step - 24, size: 8, paint: .muted)
                let value = TextLines.drawing(card.value, width: step - 24, size: 12, isBold: true)
                let note = TextLines.drawing(card.note, width: step - 24, size: 8, paint: .muted)
                return name.over(value, gap: 2).over(note, gap: 2)
            }
            let height = (texts.map(\.height).max() ?? 0) + 12
            var line = Drawing(width: width, height: height + 8)
            for (index, text) in texts.enumerated() {
                let box = Rectangle(x: step * Double(index), y: 0, width: step - 8, height: height)
                line.rectangle(box, stroke: Stroke(.grid, width: 0.8), radius: 4)
                line.add(text, at: Point(box.x + 8, 6))
            }
            return drawing.over(line)
        }
    }

    private func picture(_ drawing: Drawing, _ caption: String, width: Double) -> Drawing {
        let words = TextLines.drawing(caption, width: width, size: 8, paint: .muted)
        return drawing.padded(top: 4).over(words, gap: caption.isEmpty ? 0 : 4).padded(bottom: 6)
    }

    private func columns(_ blocks: [HTMLPage.Block], width: Double) throws -> Drawing {
        let gap = 14.0
        let share = (width - gap * Double(blocks.count - 1)) / Double(max(1, blocks.count))
        let parts = try blocks.map { block in
            try pieces(block, width: share).reduce(Drawing(width: share, height: 0)) { $0.over($1.drawing) }
        }
        var drawing = Drawing(width: width, height: parts.map(\.height).max() ?? 0)
        for (index, part) in parts.enumerated() { drawing.add(part, at: Point((share + gap) * Double(index), 0)) }
        return drawing
    }
}
