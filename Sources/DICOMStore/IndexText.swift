extension String {
    /// PostgreSQL has no NUL in its texts; in the index and in what is looked for there this stands in its place.
    var withoutNUL: String { utf8.contains(0) ? replacing("\0", with: "\u{FFFD}") : self }

    /// A text as the index keeps it. The longest that a VR of its columns allows, three times 64 characters of a person's
    /// name, has 776 bytes; what a broken or hostile file has beyond that would not fit PostgreSQL's indexes.
    var indexed: String {
        guard utf8.count > Self.longestIndexed else { return withoutNUL }
        var cut = ""
        for scalar in withoutNUL.unicodeScalars {
            guard cut.utf8.count + UTF8.width(scalar) <= Self.longestIndexed else { break }
            cut.unicodeScalars.append(scalar)
        }
        return cut
    }

    private static let longestIndexed = 1024
}
