import DICOM
import DICOMStore

/// The parameters of a search (PS3.18 section 8.3.4).
struct SearchRequest {
    private(set) var query: AttributeQuery

    /// What is no search term: `accept` is the standard's own (PS3.18 section 8.3.3.1).
    private static let general = DICOMwebRequest.general.union(["accept"])
    private static let mostResults = [AttributeQuery.Level.study: 5000, .series: 5000, .instance: 50_000]

    /// What the answer to a search tells and no data set holds.
    private static let computed: Set<Tag> = Set(
        [
            "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances", "NumberOfSeriesRelatedInstances",
            "InstanceAvailability", "RetrieveURL",
        ].compactMap { DICOMDictionary.tag(forKeyword: $0) })
    /// More than any catalogue asks for, and few enough for one SQL statement.
    private static let mostTerms = 50
    /// Bytes of a person name: three component groups of 64 characters (PS3.5 table 6.2-1), in UTF-8.
    private static let longestName = 600

    init(
        _ items: [(name: String, value: String)], _ level: AttributeQuery.Level, within target: Target,
        flavour: DICOMwebSettings.Flavour
    ) throws {
        var included: Set<Tag> = []
        var includesAll = false
        query = AttributeQuery(level: level, limit: level == .instance ? 1000 : 100)
        for (name, value) in items where !Self.general.contains(name) {
            switch name.lowercased() {
            case "limit": query.limit = min(try Self.count(value, name), Self.mostResults[level] ?? 5000)
            case "offset":
                query.offset = try Self.count(value, name)
                guard query.offset <= 1_000_000 else {
                    throw DICOMwebError(.badRequest, "offset: at most 1000000. Narrow the search instead.")
                }
            case "fuzzymatching": query.isFuzzy = try Self.flag(value, name)
            case "emptyvaluematching": _ = try Self.flag(value, name)
            case "includefield":
                for field in value.split(separator: ",") {
                    if field.lowercased() == "all" {
                        includesAll = true
                    } else {
                        included.insert(try Self.path(field, in: "includefield")[0])
                    }
                }
            default:
                guard query.terms.count < Self.mostTerms else {
                    throw DICOMwebError(.badRequest, "A search has at most \(Self.mostTerms) terms.")
                }
                let path = try Self.path(name[...], in: nil)
                if let tag = path.last, Self.computed.contains(tag) {
                    let keyword = DICOMDictionary.entry(for: tag)?.keyword ?? "\(tag)"
                    throw DICOMwebError(
                        .badRequest, "\(keyword) is worked out for answers, and is no search term.")
                }
                try Self.check(value, for: path)
                query.terms.append(.init(path: path, value: value))
            }
        }
        for (tag, uid) in [(Tag.studyInstanceUID, target.study), (.seriesInstanceUID, target.series)] {
            if let uid { query.terms.append(.init(tag, uid)) }
        }
        let defaults = SearchDefaults(flavour: flavour).tags(level, within: target)
        query.fields = includesAll ? .all : .tags(defaults.union(included))
    }

    private static func count(_ value: String, _ name: String) throws -> Int {
        guard let number = Int(value), number >= 0 else {
            throw DICOMwebError(.badRequest, "\(name): a whole number from 0 on is needed.")
        }
        return number
    }

    private static func flag(_ value: String, _ name: String) throws -> Bool {
        switch value.lowercased() {
        case "true": true
        case "false", "": false
        default: throw DICOMwebError(.badRequest, "\(name): true or false is needed.")
        }
    }

    /// `PatientID`, `00100020`, `RequestAttributesSequence.ScheduledProcedureStepID`.
    private static func path(_ text: Substring, in parameter: String?) throws -> [Tag] {
        try text.split(separator: ".", omittingEmptySubsequences: false).map { part in
            if let tag = DICOMDictionary.tag(forKeyword: String(part)) { return tag }
            if part.utf8.count == 8, let tag = Tag(digits: String(part)) { return tag }
            let place = parameter.map { "\($0): one" } ?? "A search term"
            throw DICOMwebError(
                .badRequest, "\(place) is neither the keyword of an attribute nor eight hexadecimal digits.")
        }
    }

    /// Values that their attribute can never have.
    private static func check(_ value: String, for path: [Tag]) throws {
        guard let tag = path.last, let vr = DICOMDictionary.vr(of: tag), !value.isEmpty, value != "*" else {
            return
        }
        let isRight =
            switch vr {
            case .UI:
                value.split(whereSeparator: { $0 == "," || $0 == "\\" }).allSatisfy { isUsable(uid: String($0)) }
            case .DA, .TM:
                value.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2d || (vr == .TM && $0 == 0x2e) }
                    && value.split(separator: "-", omittingEmptySubsequences: false).count <= 2
                    && (vr == .TM || value.split(separator: "-").allSatisfy { $0.utf8.count == 8 })
            case .IS: Int(value) != nil
            case .PN: value.utf8.count <= Self.longestName
            default: true
            }
        guard isRight else {
            throw DICOMwebError(.badRequest, "\(tag): the value to be matched is not of the form of \(vr).")
        }
    }
}
