/// Rows in aligned columns for a terminal of fixed-width letters.
package struct TextTable {
    private let header: [String]
    private var rows: [[String]] = []
    private var isNumeric: [Bool]
    private var widths: [Int]
    /// Longer texts are cut; JSON and vectors are only a look at what is there.
    private static let widest = 64

    package init(header: [String] = []) {
        self.header = header
        isNumeric = Array(repeating: true, count: header.count)
        widths = header.map(Self.width)
    }

    package mutating func add(_ row: [SQLValue]) {
        let cells = row.map(Self.cell)
        for (index, value) in row.enumerated() {
            widths[index] = max(widths[index], Self.width(cells[index]))
            switch value {
            case .integer, .real, .null: break
            default: isNumeric[index] = false
            }
        }
        rows.append(cells)
    }

    package func lines() -> [String] {
        guard !header.isEmpty else { return [] }
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
        return [line(header), rule] + rows.map(line)
    }

    private func line(_ cells: [String]) -> String {
        let padded = cells.enumerated().map { index, cell in
            let space = String(repeating: " ", count: widths[index] - Self.width(cell))
            if !rows.isEmpty && isNumeric[index] { return space + cell }
            return index == cells.count - 1 ? cell : cell + space
        }
        return padded.joined(separator: "  ")
    }

    static func cell(_ value: SQLValue) -> String {
        switch value {
        case .null: "NULL"
        case .vector(let values): vector(values)
        case .text(let text), .json(let text): cut(printable(text))
        case .real(let number): "\(number)"
        default: JSONText.of(value)
        }
    }

    /// `[0.12, 1.3, 0.01, … 2048]`: the first three numbers, three digits each, and how many there are.
    static func vector(_ values: [Float]) -> String {
        let shown = values.prefix(values.count > 4 ? 3 : 4).map { shortened($0) }.joined(separator: ", ")
        return values.count > 4 ? "[\(shown), … \(values.count)]" : "[\(shown)]"
    }

    private static func shortened(_ value: Float) -> String {
        guard value.isFinite, value != 0, abs(value) < 1000, abs(value) >= 0.001 else { return "\(value)" }
        let scale: Float = abs(value) >= 100 ? 1 : abs(value) >= 10 ? 10 : abs(value) >= 1 ? 100 : 1000
        return "\((value * scale).rounded() / scale)"
    }

    /// Line breaks and other control characters would break the table, or the terminal.
    private static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            return text
        }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{fffd}" : $0 }))
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > widest, width(text) > widest else { return text }
        var output = ""
        var used = 1
        for character in text {
            used += width(String(character))
            if used > widest { break }
            output.append(character)
        }
        return output + "…"
    }

    /// How many cells a terminal gives the text: none to combining marks, two to East Asian wide characters
    /// and emoji (Unicode UAX 11), one to the rest.
    static func width(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + width($1) }
    }

    private static func width(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: break
        }
        let isEmoji =
            first.properties.isEmojiPresentation || character.unicodeScalars.contains { $0.value == 0xfe0f }
        return isEmoji || wide.contains { $0.contains(first.value) } ? 2 : 1
    }

    /// The blocks of UAX 11 whose characters are wide or full-width.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff, 0xa000...0xa4cf,
        0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6,
        0x17000...0x18cff, 0x1b000...0x1b2ff, 0x20000...0x3fffd,
    ]
}
