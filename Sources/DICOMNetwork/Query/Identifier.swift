import DICOM
import DICOMStore
import LightboxCore

/// What a query or a retrieval asks for (PS3.4 sections C.2.2 and C.4): the level, keys to be matched, and keys to be
/// told.
struct Identifier: Sendable {
    typealias Level = QueryLevel

    /// Why an identifier is none; no value is in it.
    struct Problem: Error { let text: String }

    let level: Level
    let keys: DataSet

    init(_ bytes: [UInt8], as syntax: String, _ model: QueryService.Model) throws(Problem) {
        guard let syntax = TransferSyntax(uid: syntax) else { throw Problem(text: "Unknown transfer syntax.") }
        let data: DataSet
        do {
            data = try DataSet(bytes: Bytes(bytes), as: syntax, options: Self.options)
        } catch {
            throw Problem(text: "The identifier cannot be read.")
        }
        guard let level = data.string(.queryRetrieveLevel).flatMap(Level.init),
            level != .patient || model == .patientRoot
        else { throw Problem(text: "(0008,0052) Query/Retrieve Level is not one of this model's.") }
        self.level = level
        keys = data
    }

    private static let options = ReadOptions(limits: ReadLimits(maxDepth: 8, maxElements: 100_000))

    // MARK: C-FIND

    /// The keys that have a value; an empty one only asks to be told.
    var terms: [AttributeQuery.Term] { Self.terms(in: keys, behind: []) }

    private static func terms(in data: DataSet, behind path: [Tag]) -> [AttributeQuery.Term] {
        data.elements.flatMap { element -> [AttributeQuery.Term] in
            guard !notMatched.contains(element.tag), element.tag.element != 0 else { return [] }
            if case .sequence = element.value {
                return data.items(element.tag).first.map { terms(in: $0, behind: path + [element.tag]) } ?? []
            }
            let value = data.strings(element.tag).joined(separator: "\\")
            return value.isEmpty ? [] : [AttributeQuery.Term(path: path + [element.tag], value: value)]
        }
    }

    /// About the query itself, or counted and not kept.
    private static let notMatched: Set<Tag> = [
        .specificCharacterSet, .queryRetrieveLevel, .queryRetrieveView, .retrieveAETitle, .instanceAvailability,
        .timezoneOffsetFromUTC, .numberOfPatientRelatedStudies, .numberOfPatientRelatedSeries,
        .numberOfPatientRelatedInstances, Tag(0x0020, 0x1206), Tag(0x0020, 0x1208), Tag(0x0020, 0x1209),
    ]

    /// All keys, and the unique ones of the level and above, which say what a match is.
    var fields: Set<Tag> {
        let above = Level.allCases.prefix(through: level).filter { $0 != .patient || level == .patient }
        return Set(keys.elements.map(\.tag)).union(above.map(\.uniqueKey)).subtracting([.specificCharacterSet])
    }

    /// One answer: what was asked for, empty where nothing is known (PS3.4 section C.2.2.1.3).
    ///
    /// - Parameter match: as the index gives it, texts in UTF-8.
    func answer(_ match: DataSet, retrievedFrom title: AETitle) -> DataSet {
        var answer = DataSet(
            keys.elements.filter { $0.tag != .specificCharacterSet && $0.tag.element != 0 }.map { key in
                match[key.tag] ?? key.emptied
            })
        for level in Level.allCases { if let key = match[level.uniqueKey] { answer[key.tag] = key } }
        answer[.queryRetrieveLevel] = .text(.queryRetrieveLevel, level.rawValue)
        answer[.retrieveAETitle] = .text(.retrieveAETitle, title.description)
        if keys[.instanceAvailability] != nil {
            answer[.instanceAvailability] = .text(.instanceAvailability, "ONLINE")
        }
        answer[.queryRetrieveView] = nil
        // Where every text is ASCII the default character set will do, which every client knows.
        if keys[.specificCharacterSet] != nil || !answer.isASCII {
            answer[.specificCharacterSet] = .text(.specificCharacterSet, answer.isASCII ? "" : "ISO_IR 192")
        }
        return answer
    }

    // MARK: C-MOVE and C-GET

    /// Which instances are to be sent: unique keys only, without wildcards, that of the level with a value.
    func retrieval() throws(Problem) -> AttributeQuery {
        var terms: [AttributeQuery.Term] = []
        for level in Level.allCases {
            let key = level.uniqueKey
            let values = keys.strings(key).filter { !$0.isEmpty }
            guard !values.isEmpty else {
                if level == self.level { throw Problem(text: "\(key): what is to be sent is not named.") }
                continue
            }
            let areNames = values.allSatisfy {
                level == .patient ? !$0.contains { "*?".contains($0) } : isUsable(uid: $0)
            }
            guard areNames, level != .patient || values.count == 1 else {
                throw Problem(text: "\(key): a list of UIDs or one patient ID is needed, without wildcards.")
            }
            terms.append(AttributeQuery.Term(key, values.joined(separator: "\\")))
        }
        return AttributeQuery(level: .instance, terms: terms, fields: .tags([.sopInstanceUID]))
    }
}

extension [QueryLevel] {
    fileprivate func prefix(through level: QueryLevel) -> ArraySlice<QueryLevel> {
        prefix { $0 != level } + [level]
    }
}

extension Element {
    fileprivate var emptied: Element {
        if case .sequence = value { return .sequence(tag, []) }
        return Element(tag, vr, .bytes(.empty))
    }
}

extension DataSet {
    fileprivate var isASCII: Bool {
        elements.allSatisfy { element in
            switch element.value {
            case .bytes(let bytes):
                !element.vr.hasCharacterSet || bytes.withUnsafeBytes { $0.allSatisfy { $0 < 0x80 } }
            case .sequence(let items): items.allSatisfy(\.isASCII)
            case .fragments: true
            }
        }
    }
}

extension Tag {
    static let queryRetrieveLevel = Tag(0x0008, 0x0052)
    static let queryRetrieveView = Tag(0x0008, 0x0053)
    static let retrieveAETitle = Tag(0x0008, 0x0054)
    static let instanceAvailability = Tag(0x0008, 0x0056)
    static let failedSOPInstanceUIDList = Tag(0x0008, 0x0058)
    static let timezoneOffsetFromUTC = Tag(0x0008, 0x0201)
    static let numberOfPatientRelatedStudies = Tag(0x0020, 0x1200)
    static let numberOfPatientRelatedSeries = Tag(0x0020, 0x1202)
    static let numberOfPatientRelatedInstances = Tag(0x0020, 0x1204)
}
