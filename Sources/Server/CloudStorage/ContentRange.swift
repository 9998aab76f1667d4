/// Which bytes of an object a request of a resumable upload holds, as its `Content-Range` says.
package enum ContentRange: Sendable, Equatable {
    /// `bytes */*`, `bytes */1000`: none; asks how far the upload is.
    case question(size: Int?)
    /// `bytes 0-499/*`, `bytes 0-499/1000`.
    case bytes(Range<Int>, size: Int?)

    /// nil for anything else.
    package init?(_ header: String) {
        guard header.lowercased().hasPrefix("bytes "), header.utf8.count < 100 else { return nil }
        let halves = header.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        var size: Int?
        if halves[1] != "*" {
            guard let number = Self.number(halves[1]) else { return nil }
            size = number
        }
        guard halves[0] != "*" else {
            self = .question(size: size)
            return
        }
        let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]), first <= last,
            last < size ?? .max
        else { return nil }
        self = .bytes(first..<last + 1, size: size)
    }

    private static func number(_ text: Substring) -> Int? {
        guard text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text), number < 1 << 60 else {
            return nil
        }
        return number
    }
}
