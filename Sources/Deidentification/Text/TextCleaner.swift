/// Takes out of a text all that a vocabulary does not hold: what is left can describe an examination, and not
/// a person (the action C of PS3.15 for descriptions and comments).
///
/// Words stay that are in the vocabulary and in no name or number of this data set, and so do numbers below 1000
/// and short labels of vertebrae, echoes and kernels (`L4`, `T2`, `B31f`). Dates and numbers in groups go as a whole.
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
        let words = Self.words(of: text)
        let named = identifiers.places(in: words.map(\.text))
        var isKept = words.indices.map { keeps(words[$0].text) && !named.contains($0) }
        for index in Self.groupedNumbers(words, isKept) { isKept[index] = false }
        var result = ""
        // A space where words went.
        var hasDropped = false
        for (word, isKept) in zip(words, isKept) {
            if isKept { result += (result.isEmpty ? "" : hasDropped ? " " : word.gap) + word.text }
            hasDropped = !isKept
        }
        return result
    }

    /// A run of letters and digits, and what stands before it.
    private struct Word {
        var gap = ""
        var text = ""
    }

    private static func words(of text: String) -> [Word] {
        var words: [Word] = []
        var current = Word()
        for character in text {
            if character.isLetter || character.isNumber {
                current.text.append(character)
                continue
            }
            if !current.text.isEmpty {
                words.append(current)
                current = Word()
            }
            // Between words, only marks that mean nothing by themselves stay.
            current.gap.append(" ,.;:+-/()\n\r".contains(character) ? character : " ")
        }
        return current.text.isEmpty ? words : words + [current]
    }

    private func keeps(_ word: String) -> Bool {
        let bytes = Array(word.utf8)
        let digits = bytes.prefix { (0x30...0x39).contains($0) }.count
        if digits == bytes.count { return digits <= 3 }
        if digits > 0 { return digits <= 4 && Self.units.contains(word.dropFirst(digits).lowercased()) }
        // A title is not the modality.
        if word == "Mr" || word == "mr" { return false }
        return words.contains(word.lowercased()) || Self.isLabel(bytes)
    }

    /// Numbers that no word which stays keeps apart: dates, times, and the groups of longer numbers (`943 476 5919`,
    /// `12 Mar 80`). A decimal is none of these.
    private static func groupedNumbers(_ words: [Word], _ isKept: [Bool]) -> Set<Int> {
        var result: Set<Int> = []
        var group: [Int] = []
        func close() {
            if group.count > 1 && !isDecimal(group) { result.formUnion(group) }
            group = []
        }
        func isDecimal(_ group: [Int]) -> Bool {
            let last = words[group[1]]
            return group.count == 2 && group[1] == group[0] + 1 && [".", ","].contains(last.gap)
                && last.text.count <= 2
        }
        for (index, word) in words.enumerated() {
            let digits = word.text.utf8.prefix { (0x30...0x39).contains($0) }.count
            if digits > 0 && ["", "st", "nd", "rd", "th"].contains(word.text.dropFirst(digits).lowercased()) {
                group.append(index)
            } else if isKept[index] {
                close()
            }
        }
        close()
        return result
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
