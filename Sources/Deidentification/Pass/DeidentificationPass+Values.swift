import DICOM
import LightboxCore

extension DeidentificationPass {
    // MARK: Kept values

    /// A value as it is; a sequence's items are looked through all the same.
    mutating func keep(_ element: Element, of dataSet: DataSet) -> Element {
        items(of: element, in: dataSet) ?? element
    }

    /// A value that the profile keeps, once it is seen to be of the kind that belongs there.
    mutating func keepChecked(_ element: Element, _ usual: VR, of dataSet: DataSet) -> Element? {
        guard plan.profile != .keepAll else { return keep(element, of: dataSet) }
        guard case .bytes(let bytes) = element.value else {
            let isFit = if case .sequence = element.value { usual == .SQ } else { element.tag == .pixelData }
            return isFit ? keep(element, of: dataSet) : malformed(element, usual)
        }
        if bytes.isEmpty { return element }
        guard Self.isFit(element.vr, usual) else { return malformed(element, usual) }
        if scrubsTexts && (usual.hasCharacterSet || usual == .DS || usual == .IS) {
            return DummyValue.element(element.tag, element.vr)
        }
        if element.tag == .specificCharacterSet {
            return Self.isCharacterSet(dataSet.strings(element.tag)) ? element : malformed(element, usual)
        }
        guard ValueCheck.isWellFormed(bytes, usual) else { return malformed(element, usual) }
        if element.tag == .codeMeaning, !CodingSchemes.isPublic(dataSet.string(.codingSchemeDesignator)) {
            return cleaned(element, usual, of: dataSet) ?? DummyValue.element(element.tag, usual)
        }
        guard usual.hasCharacterSet || usual == .CS, identifiers.occur(in: text(of: element, in: dataSet)) else {
            return element
        }
        findings.add(.identifierInText, element.tag)
        if usual == .CS { return DummyValue.empty(element.tag, usual) }
        return cleaned(element, usual, of: dataSet) ?? DummyValue.element(element.tag, element.vr)
    }

    private mutating func malformed(_ element: Element, _ usual: VR) -> Element {
        findings.add(.malformedValueRemoved, element.tag)
        return DummyValue.empty(element.tag, usual)
    }

    /// Whether a value of one VR can be what the dictionary expects: texts for texts, numbers for numbers.
    private static func isFit(_ vr: VR, _ usual: VR) -> Bool {
        if vr == usual { return true }
        if vr.isText || usual.isText { return vr.isText && usual.isText }
        return vr != .UN && vr != .SQ && usual != .SQ
    }

    /// Terms as the standard writes them: `ISO_IR 100`, `ISO 2022 IR 87`, `GB18030`, `GBK`, and slips of these.
    private static func isCharacterSet(_ terms: [String]) -> Bool {
        terms.allSatisfy { term in
            let parts = term.uppercased().split { " _-.".contains($0) }
            return parts.allSatisfy { part in
                ["ISO", "IR", "2022", "8859", "GB18030", "GBK", "UTF", "UTF8"].contains(part)
                    || part.utf8.count <= 3 && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
            }
        }
    }

    func text(of element: Element, in dataSet: DataSet) -> String {
        dataSet.strings(element.tag).joined(separator: " ")
    }

    // MARK: Cleaned and moved values

    /// Without what the vocabulary does not hold; nil where nothing is left or nothing can be cleaned.
    mutating func cleaned(_ element: Element, _ usual: VR, of dataSet: DataSet) -> Element? {
        if case .sequence = element.value { return usual == .SQ ? items(of: element, in: dataSet) : nil }
        guard !scrubsTexts, usual.hasCharacterSet, usual != .PN, element.vr.isText else { return nil }
        let texts = dataSet.strings(element.tag).map { cleaner.clean($0, without: identifiers) }
        guard texts.contains(where: { !$0.isEmpty }) else { return nil }
        // The vocabulary's words are ASCII unless the user's are not.
        guard texts.allSatisfy({ $0.utf8.allSatisfy { $0 < 0x80 } }) else { return nil }
        return .text(element.tag, texts, vr: element.vr)
    }

    /// A date or time under Retain Longitudinal Temporal Information with Modified Dates; nil for anything else.
    mutating func shifted(_ element: Element, _ usual: VR, of dataSet: DataSet) -> Element? {
        guard case .bytes(let bytes) = element.value, element.vr.isText else { return nil }
        if bytes.isEmpty { return element }
        guard ValueCheck.isWellFormed(bytes, usual) else { return nil }
        switch usual {
        case .DA, .DT:
            guard let moved = DateShift(days: patient.days).shifted(bytes) else { return nil }
            record(.days, old: patient.original, new: String(patient.days))
            dates.areShifted = true
            return .text(element.tag, String(decoding: moved, as: UTF8.self), vr: usual)
        case .TM: return element
        default: return nil
        }
    }

    // MARK: New names

    /// The patient's pseudonym for PatientName and PatientID. Another patient's ID in an item gets its own.
    func pseudonymText(_ element: Element, of dataSet: DataSet, in sequence: Tag?) -> String {
        guard sequence != nil, element.tag == .patientID, let own = dataSet.string(.patientID) else {
            return patient.pseudonym
        }
        return names.patient(own)
    }

    mutating func pseudonym(_ element: Element, of dataSet: DataSet, in sequence: Tag?) -> Element {
        if element.tag == .patientID && sequence == nil {
            record(.patientID, old: patient.original, new: patient.pseudonym)
        }
        return .text(element.tag, pseudonymText(element, of: dataSet, in: sequence))
    }

    /// PatientName and PatientID are in every IOD.
    func missingNames(in output: [Element]) -> [Element] {
        guard plan.profile == .basic else { return [] }
        return [Tag.patientName, .patientID].compactMap { tag in
            guard plan.rule(for: tag, tag == .patientID ? .LO : .PN, creator: nil) == nil else { return nil }
            return output.contains { $0.tag == tag } ? nil : .text(tag, patient.pseudonym)
        }
    }

    /// Every UID of a value in its new form; the standard's own stay.
    mutating func uids(_ element: Element, of dataSet: DataSet, in sequence: Tag?) -> Element? {
        guard case .bytes(let bytes) = element.value else { return nil }
        let olds = String(decoding: bytes.array, as: UTF8.self)
            .split(separator: "\\", omittingEmptySubsequences: false)
            .map { $0.filter { $0 != " " && $0 != "\0" } }
        let news = olds.map { old in
            old.isEmpty || UIDNames.entry(for: old) != nil ? old : names.uid(old)
        }
        if sequence == nil, let kind = Self.recorded[element.tag], let old = olds.first, let new = news.first {
            record(kind, old: old, new: new)
        }
        return .text(element.tag, news, vr: .UI)
    }

    private static let recorded: [Tag: Correspondence.Kind] = [
        .studyInstanceUID: .studyInstanceUID, .seriesInstanceUID: .seriesInstanceUID,
        .sopInstanceUID: .sopInstanceUID, Tag(0x0020, 0x0052): .frameOfReferenceUID,
    ]

    private mutating func record(_ kind: Correspondence.Kind, old: String, new: String) {
        guard !old.isEmpty, !correspondence.contains(where: { $0.kind == kind }) else { return }
        correspondence.append(Correspondence(kind, old: old, new: new))
    }

    // MARK: Rules

    mutating func apply(
        _ rule: RuleSet.Action, to element: Element, of dataSet: DataSet, in sequence: Tag?
    ) -> Element? {
        let tag = element.tag
        switch rule {
        case .keep:
            if plan.profile == .basic, plan.treatment(of: tag, element.vr) != .keep || tag.isPrivate {
                findings.add(.keptByRule, tag)
            }
            let usual = DICOMDictionary.vr(of: tag) ?? element.vr
            if usual == .DA || usual == .DT, case .bytes(let bytes) = element.value, !bytes.isEmpty {
                dates.areKept = true
            }
            return keep(element, of: dataSet)
        case .remove: return nil
        case .empty: return DummyValue.empty(tag, element.vr)
        case .replace(let text):
            guard element.vr.isText || element.vr == .UN else { return DummyValue.empty(tag, element.vr) }
            return .text(tag, text, vr: element.vr == .UN ? .LO : element.vr)
        case .hash: return hashed(element, of: dataSet, in: sequence)
        case .shift:
            let usual = DICOMDictionary.vr(of: tag) ?? element.vr
            return shifted(element, usual, of: dataSet) ?? DummyValue.empty(tag, element.vr)
        case .clean:
            let usual = DICOMDictionary.vr(of: tag) ?? element.vr
            return cleaned(element, usual, of: dataSet) ?? DummyValue.empty(tag, element.vr)
        case .uid: return uids(element, of: dataSet, in: sequence)
        case .pseudonym:
            guard element.vr.isText else { return DummyValue.empty(tag, element.vr) }
            return .text(tag, pseudonymText(element, of: dataSet, in: sequence), vr: element.vr)
        }
    }

    /// In the VR's own form: digits for numbers, a UID for UIDs, a moved date for dates.
    private mutating func hashed(_ element: Element, of dataSet: DataSet, in sequence: Tag?) -> Element? {
        let (tag, vr) = (element.tag, element.vr)
        let texts = dataSet.strings(tag)
        guard vr.isText, texts.contains(where: { !$0.isEmpty }) else { return DummyValue.empty(tag, vr) }
        switch vr {
        case .UI: return uids(element, of: dataSet, in: sequence)
        case .DA, .DT, .TM, .AS: return shifted(element, vr, of: dataSet) ?? DummyValue.empty(tag, vr)
        case .DS, .IS: return .text(tag, texts.map { $0.isEmpty ? "" : names.number($0) }, vr: vr)
        default: return .text(tag, texts.map { $0.isEmpty ? "" : names.letters($0) }, vr: vr)
        }
    }
}

/// Coding schemes that are published, so that the meaning of a code cannot be a site's own words (PS3.16 table 8-1).
enum CodingSchemes {
    private static let known: Set<String> = [
        "ACR", "ASTM-sigpurpose", "BARI", "BI", "C4", "C5", "CD2", "DC", "DCM", "DCMUID", "FMA", "HPC", "I10",
        "I10P",
        "I11", "I9", "I9C", "IBSI", "ICDO3", "ICD10", "ICD9", "IEEE10101", "IMDRF", "ISO3166_1", "ISO639_1",
        "ISO639_2",
        "ITIS_TSN", "LN", "MA", "MAYOASRG", "MDC", "MDDX", "MGI", "MSH", "NCIt", "NDC", "NEU", "NIC",
        "PUBCHEM_CID",
        "RADELEMENT", "RADLEX", "RFC3066", "RFC5646", "RXNORM", "SCT", "SCT2", "SNM3", "SRT", "UCUM", "UMLS",
        "UNS",
        "UPC", "99SDM",
    ]

    static func isPublic(_ designator: String?) -> Bool { designator.map(known.contains) ?? false }
}

extension Tag {
    static let codeMeaning = Tag(0x0008, 0x0104)
    static let codingSchemeDesignator = Tag(0x0008, 0x0102)
}
