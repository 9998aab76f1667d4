import DICOM

/// What happens to one attribute that no rule names, as far as the profile and its options decide it beforehand.
enum Treatment: Equatable {
    case keep
    case basic(BasicAction)
    /// Cleaned by the vocabulary; where nothing is left, the basic action.
    case clean(BasicAction)
    /// A date moved; where it is no date, the basic action.
    case shift(BasicAction)
}

/// The treatment of every attribute under one profile, set of options and set of rules.
struct ActionPlan: Sendable {
    let profile: ConfidentialityProfile
    let options: Set<ConfidentialityOption>
    let keepsInstanceUIDs: Bool
    private let table: [UInt32: Treatment]
    private let patterns: [(tag: UInt32, mask: UInt32, treatment: Treatment)]
    private let rules: RuleIndex

    init(
        profile: ConfidentialityProfile, options: Set<ConfidentialityOption>, rules: RuleSet,
        keepsInstanceUIDs: Bool
    ) {
        self.profile = profile
        self.options = options
        self.keepsInstanceUIDs = keepsInstanceUIDs
        self.rules = RuleIndex(rules.rules)
        let letters = Set(options.compactMap(\.letter))
        var table: [UInt32: Treatment] = [:]
        var patterns: [(UInt32, UInt32, Treatment)] = []
        for row in ConfidentialityTable.rows {
            let treatment = Self.treatment(of: row, letters)
            if row.mask == .max {
                table[row.tag] = treatment
            } else {
                patterns.append((row.tag, row.mask, treatment))
            }
        }
        self.table = table
        self.patterns = patterns
    }

    /// Of two options the one that cleans counts more than the one that keeps.
    private static func treatment(of row: ConfidentialityTable.Row, _ letters: Set<UInt8>) -> Treatment {
        let cleaning = row.options.filter { $0 >= 0x61 && letters.contains($0) }
        if cleaning.contains(UInt8(ascii: "m")) { return .shift(row.action) }
        if !cleaning.isEmpty { return .clean(row.action) }
        let keeps = row.options.contains { $0 < 0x61 && letters.contains($0 | 0x20) }
        return keeps ? .keep : .basic(row.action)
    }

    func has(_ option: ConfidentialityOption) -> Bool { options.contains(option) }

    /// - Parameter creator: who reserved the block of a private attribute.
    func rule(for tag: Tag, _ vr: VR, creator: String?) -> RuleSet.Action? {
        rules.action(for: tag, vr, creator: creator)
    }

    /// What the profile does with a standard attribute.
    func treatment(of tag: Tag, _ vr: VR) -> Treatment {
        if Self.instanceUIDs.contains(tag) {
            if keepsInstanceUIDs || has(.retainUIDs) { return .keep }
            return .basic(.uid)
        }
        switch profile {
        case .basic: break
        case .keepAll: return .keep
        case .keepListed, .minimal:
            let isKept =
                Self.structure.contains(tag) || profile == .minimal && MinimalKeepList.contains(tag.number)
            return isKept ? .keep : .basic(.remove)
        }
        if let listed = table[tag.number] { return listed }
        if let pattern = patterns.first(where: { tag.number & $0.mask == $0.tag }) { return pattern.treatment }
        return unlisted(tag, vr)
    }

    /// Attributes that the table passes over: it trusts all of them. What names people, instances or moments, and
    /// texts of any length, is treated as its like in the table.
    func unlisted(_ tag: Tag, _ vr: VR) -> Treatment {
        switch vr {
        case .UI: return has(.retainUIDs) || Self.classUIDs.contains(tag) ? .keep : .basic(.uid)
        case .DA, .DT, .TM:
            if has(.retainFullDates) { return .keep }
            return has(.retainModifiedDates) ? .shift(.remove) : .basic(.remove)
        case .PN, .AE, .UR: return .basic(.remove)
        case .LT, .ST, .UT, .UC: return .clean(.dummy)
        default: return .keep
        }
    }

    /// UIDs that every profile maps, and references to them.
    static let instanceUIDs: Set<Tag> = [
        .studyInstanceUID, .seriesInstanceUID, .sopInstanceUID, .mediaStorageSOPInstanceUID, Tag(0x0008, 0x1155),
        Tag(0x0008, 0x0058), Tag(0x0020, 0x0242), Tag(0x0008, 0x1167),
    ]

    /// What no profile removes.
    private static let structure: Set<Tag> = [.specificCharacterSet, .sopClassUID, Tag(0x0008, 0x1150)]

    /// UIDs that name classes, syntaxes and coding schemes, not instances.
    private static let classUIDs: Set<Tag> = [
        .sopClassUID, Tag(0x0008, 0x001a), Tag(0x0008, 0x001b), Tag(0x0008, 0x0062), Tag(0x0008, 0x010c),
        Tag(0x0008, 0x0117), Tag(0x0008, 0x0118), Tag(0x0008, 0x040e), Tag(0x0008, 0x1150), Tag(0x0008, 0x115a),
        Tag(0x0008, 0x3002), Tag(0x0028, 0x0304), Tag(0x0034, 0x0003), Tag(0x0400, 0x0010), Tag(0x0400, 0x0510),
        Tag(0x3010, 0x0052), Tag(0x3010, 0x0053), Tag(0x3010, 0x001f),
    ]
}

/// Rules by what they are about; the later of two counts.
private struct RuleIndex {
    private typealias Entry = (order: Int, action: RuleSet.Action)

    private var tags: [UInt32: Entry] = [:]
    private var vrs: [VR: Entry] = [:]
    private var patterns: [(tag: UInt32, mask: UInt32, entry: Entry)] = []
    private var blocks: [(creator: String, group: UInt16?, element: UInt8?, entry: Entry)] = []
    private let isEmpty: Bool

    init(_ rules: [RuleSet.Rule]) {
        isEmpty = rules.isEmpty
        for (order, rule) in rules.enumerated() {
            let entry = (order, rule.action)
            switch rule.selector {
            case .tag(let tag): tags[tag.number] = entry
            case .vr(let vr): vrs[vr] = entry
            case .pattern(let tag, let mask): patterns.append((tag, mask, entry))
            case .privateBlock(let creator, let group, let element):
                blocks.append((creator, group, element, entry))
            }
        }
    }

    func action(for tag: Tag, _ vr: VR, creator: String?) -> RuleSet.Action? {
        guard !isEmpty else { return nil }
        var best = tags[tag.number]
        func consider(_ entry: Entry?) {
            if let entry, entry.order > best?.order ?? -1 { best = entry }
        }
        consider(vrs[vr])
        for pattern in patterns where tag.number & pattern.mask == pattern.tag { consider(pattern.entry) }
        if let creator {
            for block in blocks where block.creator == creator && block.group ?? tag.group == tag.group {
                if block.element.map({ $0 == UInt8(tag.element & 0xff) }) ?? true { consider(block.entry) }
            }
        }
        return best?.action
    }
}
