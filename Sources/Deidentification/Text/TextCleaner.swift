/// Takes out of a text all that a vocabulary does not hold: what is left can describe an examination, and not
/// a person (the action C of PS3.15 for descriptions and comments).
///
/// Words stay that are in the vocabulary and in no name or number of this data set, and so do numbers below 1000
/// and short labels of vertebrae, echoes and kernels (`L4`, `T2`, `B31f`). Dates go as a whole.
struct TextCleaner: Sendable {
    private let words: Set<String>

    /// - Parameter more: words of the user's own, in any case.
    init(adding more: [String] = []) {
        words = more.isEmpty ? Self.standard : Self.standard.union(more.map { $0.lowercased() })
    }

    private static let standard: Set<String> = {
        let text = UnsafeBufferPointer(start: vocabularyText.utf8Start, count: vocabularyText.utf8CodeUnitCount)
        return Set(
            text.split { $0 == 0x20 || $0 == 0x0a }.map { String(decoding: $0, as: UTF8.self) })
    }()

    /// The text without what might identify somebody; empty when nothing is left.
    func clean(_ text: String, without identifiers: Identifiers) -> String {
        let pieces = Self.pieces(of: text)
        var result = ""
        // What stands before the next word that stays; a space where words went.
        var gap = ""
        var hasDropped = false
        for (index, piece) in pieces.enumerated() {
            if !piece.isWord {
                gap = piece.text
            } else if keeps(piece.text, at: index, of: pieces), !identifiers.contains(word: piece.text) {
                if !result.isEmpty { result += hasDropped ? " " : gap }
                result += piece.text
                hasDropped = false
            } else {
                hasDropped = true
            }
        }
        return result
    }

    private struct Piece {
        let text: String
        let isWord: Bool
    }

    /// Runs of letters and digits, and what stands between them.
    private static func pieces(of text: String) -> [Piece] {
        var pieces: [Piece] = []
        var current = ""
        var isWord = false
        for character in text {
            let belongs = character.isLetter || character.isNumber
            if belongs != isWord && !current.isEmpty {
                pieces.append(Piece(text: current, isWord: isWord))
                current = ""
            }
            isWord = belongs
            // Between words, only marks that mean nothing by themselves stay.
            current.append(belongs || " ,.;:+-/()\n\r".contains(character) ? character : " ")
        }
        if !current.isEmpty { pieces.append(Piece(text: current, isWord: isWord)) }
        return pieces
    }

    private func keeps(_ word: String, at index: Int, of pieces: [Piece]) -> Bool {
        let bytes = Array(word.utf8)
        let digits = bytes.prefix { (0x30...0x39).contains($0) }.count
        if digits == bytes.count { return digits <= 3 && !isPartOfDate(index, pieces) }
        if digits > 0 { return digits <= 4 && Self.units.contains(word.dropFirst(digits).lowercased()) }
        // A title is not the modality.
        if word == "Mr" || word == "mr" { return false }
        return words.contains(word.lowercased()) || Self.isLabel(bytes)
    }

    /// A number that another one follows or precedes with a mark that dates and times have.
    private func isPartOfDate(_ index: Int, _ pieces: [Piece]) -> Bool {
        func isJoined(_ mark: Int, _ other: Int) -> Bool {
            guard pieces.indices.contains(other) else { return false }
            let text = pieces[mark].text
            guard pieces[other].text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
            return text == "/" || text == "-" || text == ":" || (text == "." && pieces[other].text.utf8.count > 2)
        }
        func isPoint(_ mark: Int, _ other: Int) -> Bool {
            pieces.indices.contains(other) && pieces[mark].text == "."
                && pieces[other].text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        if isJoined(index - 1, index - 2) || isJoined(index + 1, index + 2) { return true }
        // 12.03.19
        return isPoint(index - 1, index - 2) && isPoint(index + 1, index + 2)
            || isPoint(index + 1, index + 2) && isPoint(index + 3, index + 4)
            || isPoint(index - 1, index - 2) && isPoint(index - 3, index - 4)
    }

    private static let units: Set<String> = [
        "mm", "cm", "kv", "kvp", "ma", "mas", "ms", "s", "sec", "min", "deg", "hz", "mhz", "mg", "ml", "gy", "cgy",
        "mbq", "t", "x", "d", "th", "st", "nd", "rd",
    ]

    /// A letter, one or two digits, at most one letter more.
    private static func isLabel(_ bytes: [UInt8]) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5a).contains(byte & 0xdf) }
        guard (2...4).contains(bytes.count), isLetter(bytes[0]) else { return false }
        let digits = bytes.dropFirst().prefix { (0x30...0x39).contains($0) }.count
        let rest = bytes.dropFirst(1 + digits)
        return (1...2).contains(digits) && rest.count <= 1 && rest.allSatisfy(isLetter)
    }
}
