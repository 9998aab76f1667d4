/// A table on paper: a drawing for each row, with its columns as wide as their text needs and the sheet allows.
struct PrintedTable {
    private static let size = 8.5
    private static let gap = 10.0

    private let table: HTMLTable
    private let width: Double
    private let widths: [Double]

    init(_ table: HTMLTable, width: Double) {
        self.table = table
        self.width = width
        let natural = table.columns.indices.map { column in
            let cells = [table.columns[column].name] + table.rows.map { $0[column] }
            return (cells.map { TextMetrics.width($0, size: Self.size, isBold: true) }.max() ?? 0) + 1
        }
        widths = Self.shared(natural, width - Self.gap * Double(max(0, natural.count - 1)))
    }

    /// Columns that need less than their share get what they need; the others divide the rest.
    private static func shared(_ natural: [Double], _ room: Double) -> [Double] {
        guard natural.reduce(0, +) > room else { return natural }
        var (widths, open, left) = (natural, Set(natural.indices), room)
        while let narrow = open.first(where: { natural[$0] <= left / Double(open.count) }) {
            open.remove(narrow)
            left -= natural[narrow]
        }
        for column in open { widths[column] = left / Double(open.count) }
        return widths
    }

    func drawings() -> [Drawing] {
        var drawings: [Drawing] = []
        if !table.caption.isEmpty {
            drawings.append(TextLines.drawing(table.caption, width: width, size: 8, paint: .muted).padded(top: 4))
        }
        let header = row(table.columns.map(\.name), isBold: true, line: Stroke(.muted, width: 1))
        drawings.append(header.padded(top: 3))
        for (index, cells) in table.rows.enumerated() {
            drawings.append(
                row(cells, isBold: table.highlighted.contains(index), line: Stroke(.grid, width: 0.5)))
        }
        return drawings + [Drawing(width: width, height: 6)]
    }

    private func row(_ cells: [String], isBold: Bool, line: Stroke) -> Drawing {
        let texts = cells.enumerated().map { column, cell in
            TextLines.drawing(
                cell, width: widths[column], size: Self.size, isBold: isBold,
                anchor: table.columns[column].isNumeric ? .end : .start)
        }
        let height = (texts.map(\.height).max() ?? 0) + 6
        var drawing = Drawing(width: width, height: height)
        var place = 0.0
        for (text, cell) in zip(texts, widths) {
            drawing.add(text, at: Point(place, 3))
            place += cell + Self.gap
        }
        drawing.line(Point(0, height), Point(min(width, place - Self.gap), height), line)
        return drawing
    }
}
