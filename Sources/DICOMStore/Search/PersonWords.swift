import Foundation

/// A person's name as it is searched for: without case and accents, whole and by its words.
enum PersonWords {
    /// Lower case, no accents, no difference between wide and narrow letters.
    static func folded(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.lowercased() }
        return text.folding(
            options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive], locale: Locale(identifier: "en"))
    }

    /// The index entries of a name: each word, and behind `=` each component group whole.
    ///
    /// `Doe^John=ドウ` gives `doe`, `john`, `ドウ`, `=doe^john`, `=ドウ`.
    static func entries(of name: String) -> Set<String> {
        let folded = folded(name)
        var entries = Set(words(of: folded))
        for group in folded.split(separator: "=") { entries.insert("=" + whole(String(group))) }
        return entries
    }

    /// A component group or a query for one: carets at its end say nothing (PS3.5 section 6.2.1.1).
    static func whole(_ group: String) -> String {
        var group = group[...]
        while let last = group.last, last == "^" || last == " " { group.removeLast() }
        return String(group)
    }

    static func words(of folded: String) -> [String] {
        folded.split { !($0.isLetter || $0.isNumber) }.map(String.init)
    }

    /// Whether a word of the query begins a word of the name.
    static func isFuzzyMatch(_ query: String, _ name: String) -> Bool {
        let stored = words(of: folded(name))
        return words(of: folded(query)).contains { word in stored.contains { $0.hasPrefix(word) } }
    }
}
