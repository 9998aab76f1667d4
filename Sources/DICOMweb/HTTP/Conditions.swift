import DICOMStore
import LightboxCore

/// Validators and ranges (RFC 9110 sections 8.8, 13 and 14).
enum Conditions {
    /// Whether the caller's copy, named by If-None-Match, is the one with this tag.
    static func isFresh(_ request: DICOMwebRequest, _ tag: String) -> Bool {
        guard let header = request.headers["if-none-match"] else { return false }
        return header.split(separator: ",").contains { text in
            var text = text.drop { $0 == " " || $0 == "\t" }
            while text.last == " " || text.last == "\t" { text.removeLast() }
            if text.hasPrefix("W/") { text = text.dropFirst(2) }
            return text == tag || text == "*"
        }
    }

    static func notModified(_ tag: String) -> DICOMwebResponse {
        DICOMwebResponse(status: 304, headers: [("ETag", tag)])
    }

    /// A tag of one instance and of how it is asked for.
    static func tag(of instance: StoredInstance, _ parts: [String]) -> String {
        tag([instance.contentHash.description] + parts)
    }

    /// A strong tag of what an answer is made from.
    static func tag(_ parts: [String]) -> String {
        "\"" + ContentHash(of: parts.joined(separator: "\n").utf8).description.prefix(32) + "\""
    }

    /// The one range that is asked for; nil for the whole, as also for several ranges, which a server may answer
    /// with the whole.
    ///
    /// - Throws: ``DICOMwebError`` when the range lies behind the end.
    static func range(_ request: DICOMwebRequest, of count: Int, tag: String) throws -> Range<Int>? {
        guard let header = request.headers["range"], header.lowercased().hasPrefix("bytes="),
            request.headers["if-range"].map({ $0 == tag }) ?? true
        else { return nil }
        let ends = header.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, !header.contains(",") else { return nil }
        let range: Range<Int>
        switch (Int(ends[0]), Int(ends[1])) {
        case (let first?, let last?) where first <= last: range = first..<min(last, Int.max - 1) + 1
        case (let first?, nil) where ends[1].isEmpty: range = first..<max(first, count)
        case (nil, let suffix?) where ends[0].isEmpty && suffix > 0: range = max(0, count - suffix)..<count
        default: return nil
        }
        guard range.lowerBound >= 0, range.lowerBound < count else {
            throw DICOMwebError(.rangeNotSatisfiable, "The range begins behind the end of \(count) bytes.")
        }
        return range.clamped(to: 0..<count)
    }
}
