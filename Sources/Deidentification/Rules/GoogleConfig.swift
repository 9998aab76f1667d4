/// The `config` of Google's `healthcare` v1 deidentify requests, as plain values, and what it means here.
public struct GoogleDeidentifyConfig: Sendable, Hashable {
    /// `config.dicom.filterProfile`; at most one of this and the two lists is given.
    public var filterProfile: String?
    /// `config.dicom.keepList.tags`: keywords or tags.
    public var keepList: [String]?
    /// `config.dicom.removeList.tags`.
    public var removeList: [String]?
    /// `config.dicom.skipIdRedaction`: study, series and instance UIDs stay.
    public var skipIdRedaction: Bool
    /// `config.image.textRedactionMode`.
    public var textRedactionMode: String?

    public init(
        filterProfile: String? = nil, keepList: [String]? = nil, removeList: [String]? = nil,
        skipIdRedaction: Bool = false, textRedactionMode: String? = nil
    ) {
        self.filterProfile = filterProfile
        self.keepList = keepList
        self.removeList = removeList
        self.skipIdRedaction = skipIdRedaction
        self.textRedactionMode = textRedactionMode
    }
}

extension Deidentifier {
    /// Does what Google's configuration asks for. A configuration that names no attributes at all gets the basic
    /// profile, which is the careful reading of it.
    ///
    /// Text in pixels is not recognised, so a request to redact it is refused instead of answered with files that
    /// still have it; rules for pixels are the way here.
    ///
    /// - Throws: ``DeidentificationError`` for unknown names, contradictions and what is not supported.
    public init(google config: GoogleDeidentifyConfig, rules: RuleSet = RuleSet(), key: DeidentificationKey) throws
    {
        let given = [config.filterProfile != nil, config.keepList != nil, config.removeList != nil]
        guard given.filter(\.self).count <= 1 else {
            throw DeidentificationError(
                .contradictoryOptions, remedy: "Give one of filterProfile, keepList and removeList.")
        }
        switch config.textRedactionMode {
        case nil, "TEXT_REDACTION_MODE_UNSPECIFIED", "REDACT_NO_TEXT": break
        case "REDACT_ALL_TEXT", "REDACT_SENSITIVE_TEXT", "REDACT_SENSITIVE_TEXT_CLEAN_DESCRIPTORS":
            throw DeidentificationError(
                .unsupportedRequest,
                remedy: "Text in pixels is not recognised here. Leave textRedactionMode out and give pixel rules.")
        default:
            throw DeidentificationError(.invalidRules, remedy: "textRedactionMode is not one of the API's modes.")
        }
        var profile = ConfidentialityProfile.basic
        var options: Set<ConfidentialityOption> = []
        var own: [RuleSet.Rule] = []
        if let list = config.keepList {
            profile = .keepListed
            own = try Self.rules(list, .keep, "keepList")
        } else if let list = config.removeList {
            profile = .keepAll
            own = try Self.rules(list, .remove, "removeList")
        } else {
            switch config.filterProfile {
            case nil, "ATTRIBUTE_CONFIDENTIALITY_BASIC_PROFILE": break
            case "KEEP_ALL_PROFILE", "TAG_FILTER_PROFILE_UNSPECIFIED": profile = .keepAll
            case "MINIMAL_KEEP_LIST_PROFILE": profile = .minimal
            case "DEIDENTIFY_TAG_CONTENTS": options = [.cleanDescriptors, .cleanStructuredContent, .cleanGraphics]
            default:
                throw DeidentificationError(
                    .invalidRules, remedy: "filterProfile is not one of the API's profiles.")
            }
        }
        try self.init(
            profile: profile, options: options, rules: RuleSet(own).adding(rules), key: key,
            keepsInstanceUIDs: config.skipIdRedaction)
    }

    private static func rules(
        _ names: [String], _ action: RuleSet.Action, _ list: String
    ) throws -> [RuleSet.Rule] {
        try names.enumerated().map { index, name in
            guard let selector = RuleSet.Selector(name) else {
                throw DeidentificationError(
                    .invalidRules, "\(list).tags[\(index)]", remedy: "Neither a keyword nor a tag of eight digits."
                )
            }
            return RuleSet.Rule(selector, action)
        }
    }
}
