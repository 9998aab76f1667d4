/// The standard's attributes by tag and by keyword (PS3.6 chapters 6 to 9, PS3.7 annex E).
public enum DICOMDictionary {
    /// What the standard says of one attribute.
    public struct Entry: Sendable, Hashable {
        public let tag: Tag
        /// The value representations allowed, the usual one first; empty for the delimiters.
        public let vrs: [VR]
        /// Value multiplicity as the standard writes it: `1`, `1-n`, `2-2n`.
        public let multiplicity: String
        /// `PatientName`; empty for some retired attributes.
        public let keyword: String
        /// `Patient's Name`.
        public let name: String
        public let isRetired: Bool
    }

    /// The attribute's facts, nil for a private or unknown tag. `tag` stays as asked in a repeating group.
    public static func entry(for tag: Tag) -> Entry? {
        table.line(of: tag).map { table.entry(at: $0, tag: tag) }
    }

    /// The tag of `PatientName`; the spelling has to match.
    public static func tag(forKeyword keyword: String) -> Tag? { tagsByKeyword[keyword] }

    /// The usual value representation of a tag, and LO for private creators (PS3.5 section 7.8.1).
    public static func vr(of tag: Tag) -> VR? {
        if tag.isPrivate { return tag.isPrivateCreator ? .LO : nil }
        if tag.element == 0 { return .UL }
        return table.line(of: tag).flatMap { table.choice(at: $0).usual }
    }

    static func choice(of tag: Tag) -> VRChoice? { table.line(of: tag).map { table.choice(at: $0) } }

    private static let table = DictionaryTable()
    private static let tagsByKeyword = table.tagsByKeyword()
}

/// The value representations that the dictionary allows for one attribute.
enum VRChoice: Equatable {
    case one(VR)
    case usOrSS, obOrOW, usOrOW, usOrSSOrOW, none

    /// From the two letters of the dictionary's text.
    init(_ first: UInt8, _ second: UInt8) {
        switch (first, second) {
        case (0x75, 0x73): self = .usOrSS
        case (0x6f, 0x62): self = .obOrOW
        case (0x75, 0x6f): self = .usOrOW
        case (0x75, 0x77): self = .usOrSSOrOW
        default: self = VR(first, second).map { .one($0) } ?? .none
        }
    }

    var all: [VR] {
        switch self {
        case .one(let vr): [vr]
        case .usOrSS: [.US, .SS]
        case .obOrOW: [.OW, .OB]
        case .usOrOW: [.US, .OW]
        case .usOrSSOrOW: [.US, .SS, .OW]
        case .none: []
        }
    }

    var usual: VR? {
        switch self {
        case .one(let vr): vr
        case .usOrSS, .usOrOW, .usOrSSOrOW: .US
        case .obOrOW: .OW
        case .none: nil
        }
    }
}

extension Tag {
    /// Whether this element names the owner of a block of private ones (PS3.5 section 7.8.1).
    public var isPrivateCreator: Bool { isPrivate && (0x10...0xff).contains(element) }
}
