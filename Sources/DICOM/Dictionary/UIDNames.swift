/// The standard's own UIDs (PS3.6 annex A): SOP classes, transfer syntaxes and others.
public enum UIDNames {
    public struct Entry: Sendable, Hashable {
        public let uid: String
        /// `CTImageStorage`.
        public let keyword: String
        /// `CT Image Storage`.
        public let name: String
        /// `SOP Class`, `Transfer Syntax`, `Well-known SOP Instance` …
        public let kind: String
        public let isRetired: Bool
    }

    /// The UID's facts, nil when the standard does not define it.
    public static func entry(for uid: String) -> Entry? { entries[uid] }

    public static func name(of uid: String) -> String? { entries[uid]?.name }

    private static let entries: [String: Entry] = {
        let text = UnsafeBufferPointer(start: uidText.utf8Start, count: uidText.utf8CodeUnitCount)
        let lines = text.split(separator: UInt8(ascii: "\n")).map { line in
            line.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
        }
        return Dictionary(
            uniqueKeysWithValues: lines.map { fields in
                (
                    fields[0],
                    Entry(
                        uid: fields[0], keyword: fields[1], name: fields[2], kind: fields[3],
                        isRetired: fields[4] == "R")
                )
            })
    }()
}
