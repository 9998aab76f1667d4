/// DICOM's ways of writing names, dates and times, as people write them. What has another form stays as it is.
enum DICOMText {
    /// `Doe^Jane^M` becomes `Doe, Jane M`; other scripts follow in brackets (PS3.5 section 6.2.1).
    static func person(_ name: String) -> String {
        let groups = name.split(separator: "=", omittingEmptySubsequences: false).map { group -> String in
            let parts = group.split(separator: "^", omittingEmptySubsequences: false)
            let given = parts.dropFirst().filter { !$0.isEmpty }.joined(separator: " ")
            let family = parts.first.map(String.init) ?? ""
            return given.isEmpty ? family : family.isEmpty ? given : "\(family), \(given)"
        }.filter { !$0.isEmpty }
        guard let first = groups.first else { return "" }
        return groups.count == 1 ? first : "\(first) (\(groups.dropFirst().joined(separator: ", ")))"
    }

    /// `20240131` becomes `2024-01-31`.
    static func date(_ text: String, or missing: String = "") -> String {
        if text.isEmpty { return missing }
        guard text.utf8.count == 8, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return text }
        return "\(text.prefix(4))-\(text.dropFirst(4).prefix(2))-\(text.dropFirst(6))"
    }

    /// `101530.25` becomes `10:15`.
    static func time(_ text: String) -> String {
        guard text.utf8.count >= 4, text.utf8.prefix(4).allSatisfy({ (0x30...0x39).contains($0) }) else {
            return text
        }
        return "\(text.prefix(2)):\(text.dropFirst(2).prefix(2))"
    }
}
