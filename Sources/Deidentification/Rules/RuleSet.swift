public import DICOM

/// What a project does other than the profile says. Of two rules that fit an attribute the later one counts.
public struct RuleSet: Sendable, Hashable {
    /// Which attributes a rule is about.
    public enum Selector: Sendable, Hashable {
        case tag(Tag)
        /// Digits left open: `mask` has ones where a digit of `tag` counts.
        case pattern(tag: UInt32, mask: UInt32)
        case vr(VR)
        /// Elements of a block that `creator` reserved; nil means every group, every low byte.
        case privateBlock(creator: String, group: UInt16?, element: UInt8?)
    }

    public enum Action: Sendable, Hashable {
        /// As it is; items of a sequence are still looked through.
        case keep
        case remove
        /// Present without a value.
        case empty
        case replace(String)
        /// Letters and digits that belong to the value and the key; numbers become numbers.
        case hash
        /// A date moved by the patient's days.
        case shift
        /// Words outside the vocabulary are taken out.
        case clean
        case uid
        /// The patient's pseudonym.
        case pseudonym
    }

    public struct Rule: Sendable, Hashable {
        public var selector: Selector
        public var action: Action

        public init(_ selector: Selector, _ action: Action) { (self.selector, self.action) = (selector, action) }
    }

    public var rules: [Rule]
    /// Where images of a kind have text.
    public var pixels: [PixelRule]
    /// Words that cleaned texts may keep beside the built-in ones.
    public var vocabulary: [String]

    public init(_ rules: [Rule] = [], pixels: [PixelRule] = [], vocabulary: [String] = []) {
        self.rules = rules
        self.pixels = pixels
        self.vocabulary = vocabulary
    }

    /// This set with the rules of another behind its own.
    public func adding(_ other: RuleSet) -> RuleSet {
        RuleSet(rules + other.rules, pixels: pixels + other.pixels, vocabulary: vocabulary + other.vocabulary)
    }
}

extension RuleSet.Selector {
    /// Reads a keyword (`PatientID`), a tag (`00100010`, `(0010,0010)`), a tag with open digits (`60xx3000`),
    /// `vr:PN`, or `creator:NAME`, optionally with the group and the low byte: `creator:NAME/0019/0c`.
    public init?(_ text: String) {
        if text.hasPrefix("vr:") {
            let letters = Array(text.dropFirst(3).uppercased().utf8)
            guard letters.count == 2, let vr = VR(letters[0], letters[1]) else { return nil }
            self = .vr(vr)
        } else if text.hasPrefix("creator:") {
            let parts = text.dropFirst(8).split(separator: "/", omittingEmptySubsequences: false)
            guard let name = parts.first, !name.isEmpty else { return nil }
            let group = parts.count > 1 ? UInt16(parts[1], radix: 16) : nil
            let element = parts.count > 2 ? UInt8(parts[2], radix: 16) : nil
            guard parts.count <= 3, (parts.count > 1) == (group != nil), (parts.count > 2) == (element != nil)
            else {
                return nil
            }
            self = .privateBlock(creator: String(name), group: group, element: element)
        } else if let tag = DICOMDictionary.tag(forKeyword: text) {
            self = .tag(tag)
        } else {
            let digits = text.utf8.filter { !"(), ".utf8.contains($0) }
            guard let (tag, mask) = TagPattern.parse(digits) else { return nil }
            self = mask == .max ? .tag(Tag(number: tag)) : .pattern(tag: tag, mask: mask)
        }
    }
}
