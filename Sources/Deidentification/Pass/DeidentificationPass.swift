import DICOM
import LightboxCore

/// One file's way through the profile: attribute by attribute, item by item.
struct DeidentificationPass {
    let plan: ActionPlan
    let names: KeyedNames
    let cleaner: TextCleaner
    let patient: PatientIdentity
    let identifiers: Identifiers
    let types: AttributeTypes.Line?
    let safePrivate: SafePrivate?
    var findings: FindingList
    var correspondence: [Correspondence] = []
    /// Within a sequence whose content has to say nothing: texts become dummies.
    var scrubsTexts = false
    /// What has become of dates that did not go.
    var dates = DateTraces()

    init(_ deidentifier: Deidentifier, _ file: DICOMFile, _ findings: FindingList) {
        plan = deidentifier.plan
        names = deidentifier.names
        cleaner = deidentifier.cleaner
        patient = PatientIdentity(file.dataSet, deidentifier.names)
        identifiers = plan.profile == .keepAll ? Identifiers() : Identifiers(of: file.dataSet)
        types = file.dataSet.string(.sopClassUID).flatMap(AttributeTypes.line)
        safePrivate = plan.has(.retainSafePrivate) ? SafePrivate(file.dataSet) : nil
        self.findings = findings
    }

    /// - Parameter sequence: whose item this is; nil for a file's own data set.
    mutating func process(_ dataSet: DataSet, in sequence: Tag?) -> DataSet {
        var output: [Element] = []
        output.reserveCapacity(dataSet.elements.count + 8)
        var blocks = PrivateBlocks(dataSet)
        let overlays = OverlayChoice(dataSet, plan)
        if overlays.removesAny { findings.add(.overlayRemoved, overlays.firstRemoved) }
        for element in dataSet.elements where element.tag.element != 0 {
            let tag = element.tag
            // Commands, file meta information and directory records have no place in a data set.
            if sequence == nil && tag.group < 8 { continue }
            if tag.isPrivate {
                if let kept = privateElement(element, of: dataSet, in: sequence, &blocks) { output.append(kept) }
            } else if tag.group & 0xff01 == 0x6000 {
                if let kept = overlayElement(element, of: dataSet, in: sequence, overlays) { output.append(kept) }
            } else {
                if let kept = standardElement(element, of: dataSet, in: sequence) { output.append(kept) }
            }
        }
        output += blocks.creatorsInUse
        if sequence == nil { output += missingNames(in: output) }
        return DataSet(output)
    }

    private mutating func standardElement(
        _ element: Element, of dataSet: DataSet, in sequence: Tag?
    ) -> Element? {
        let tag = element.tag
        if let rule = plan.rule(for: tag, element.vr, creator: nil) {
            return apply(rule, to: element, of: dataSet, in: sequence)
        }
        guard plan.profile != .keepAll || DICOMDictionary.vr(of: tag) != nil else {
            return keep(element, of: dataSet)
        }
        guard let usual = DICOMDictionary.vr(of: tag) else {
            findings.add(.unknownAttributeRemoved, tag)
            return nil
        }
        let treatment = plan.treatment(of: tag, usual)
        if tag == .encapsulatedDocumentLength, let length = documentLength(dataSet) { return .uint32(tag, length) }
        if plan.profile == .basic, case .basic = treatment, tag == .patientID || tag == .patientName {
            return pseudonym(element, of: dataSet, in: sequence)
        }
        return apply(treatment, to: element, usual, of: dataSet, in: sequence)
    }

    /// An attribute of an overlay: of one that goes only what a rule keeps; of one that stays its comments and names
    /// are texts like others.
    private mutating func overlayElement(
        _ element: Element, of dataSet: DataSet, in sequence: Tag?, _ overlays: OverlayChoice
    ) -> Element? {
        let tag = element.tag
        let stays = overlays.keeps(tag)
        if let rule = plan.rule(for: tag, element.vr, creator: nil) {
            return stays || rule == .keep ? apply(rule, to: element, of: dataSet, in: sequence) : nil
        }
        guard stays else { return nil }
        if plan.profile == .keepAll { return keep(element, of: dataSet) }
        guard let usual = DICOMDictionary.vr(of: tag) else {
            findings.add(.unknownAttributeRemoved, tag)
            return nil
        }
        guard usual.hasCharacterSet else { return keepChecked(element, usual, of: dataSet) }
        return plan.profile == .basic ? cleaned(element, usual, of: dataSet) : nil
    }

    private mutating func privateElement(
        _ element: Element, of dataSet: DataSet, in sequence: Tag?, _ blocks: inout PrivateBlocks
    ) -> Element? {
        let tag = element.tag
        if tag.isPrivateCreator { return nil }
        let creator = blocks.creator(of: tag)
        var kept: Element?
        if let rule = plan.rule(for: tag, element.vr, creator: creator) {
            kept = apply(rule, to: element, of: dataSet, in: sequence)
        } else if plan.profile == .keepAll {
            kept = keep(element, of: dataSet)
        } else if let creator, safePrivate?.contains(tag, of: creator) == true {
            kept = apply(plan.unlisted(tag, element.vr), to: element, element.vr, of: dataSet, in: sequence)
        }
        guard let kept else {
            findings.add(.privateAttributesRemoved, tag)
            return nil
        }
        findings.add(.privateAttributesKept, tag)
        blocks.use(tag)
        return kept
    }

    private mutating func apply(
        _ treatment: Treatment, to element: Element, _ usual: VR, of dataSet: DataSet, in sequence: Tag?
    ) -> Element? {
        switch treatment {
        case .keep: keepChecked(element, usual, of: dataSet)
        case .basic(let action): apply(action, to: element, usual, of: dataSet, in: sequence)
        case .clean(let action):
            cleaned(element, usual, of: dataSet) ?? apply(action, to: element, usual, of: dataSet, in: sequence)
        case .shift(let action):
            shifted(element, usual, of: dataSet) ?? apply(action, to: element, usual, of: dataSet, in: sequence)
        }
    }

    // MARK: Actions of the profile

    mutating func apply(
        _ action: BasicAction, to element: Element, _ usual: VR, of dataSet: DataSet, in sequence: Tag?
    ) -> Element? {
        switch settled(action, element.tag, in: sequence) {
        case .dummy: dummy(element, usual, of: dataSet, in: sequence)
        case .empty: DummyValue.empty(element.tag, usual)
        case .uid: uids(element, of: dataSet, in: sequence)
        case .removeEmptyOrUIDs: items(of: element, in: dataSet)
        default: nil
        }
    }

    /// Chooses between the letters of a combined action by the attribute's type; where that is not known, the one
    /// that keeps any file valid (PS3.15 E.1.1, table E.1-1a).
    private func settled(_ action: BasicAction, _ tag: Tag, in sequence: Tag?) -> BasicAction {
        let type: AttributeType? =
            if let sequence {
                AttributeTypes.type(of: tag, in: sequence)
            } else {
                AttributeTypes.columns[tag.number].flatMap { types?[$0] }
            }
        let isRemovable = type == .optional || type == .absent
        switch action {
        case .removeOrEmpty: return isRemovable ? .remove : .empty
        case .removeOrDummy: return isRemovable ? .remove : .dummy
        case .emptyOrDummy: return type == .valued || type == nil ? .dummy : .empty
        case .removeEmptyOrDummy: return isRemovable ? .remove : type == .present ? .empty : .dummy
        // Where an empty sequence would do, the references with their new UIDs say as little and lose nothing.
        case .removeEmptyOrUIDs: return isRemovable ? .remove : .removeEmptyOrUIDs
        case .dummy, .empty, .remove, .uid: return action
        }
    }

    private mutating func dummy(
        _ element: Element, _ usual: VR, of dataSet: DataSet, in sequence: Tag?
    ) -> Element {
        switch element.tag {
        case .contentSequence:
            findings.add(.structuredContentReplaced, element.tag)
            return .sequence(element.tag, [DummyValue.contentItem])
        case .encapsulatedDocument:
            findings.add(.encapsulatedDocumentReplaced, element.tag)
            return .bytes(element.tag, DummyValue.document(mimeType: dataSet.string(.mimeType)), vr: .OB)
        default: break
        }
        if usual == .UI, let new = uids(element, of: dataSet, in: sequence) { return new }
        guard usual == .SQ else { return DummyValue.element(element.tag, usual) }
        let wasScrubbing = scrubsTexts
        scrubsTexts = true
        defer { scrubsTexts = wasScrubbing }
        return items(of: element, in: dataSet) ?? DummyValue.element(element.tag, .SQ)
    }

    /// Of the document that takes the place of the original; nil where the original stays.
    private func documentLength(_ dataSet: DataSet) -> UInt32? {
        guard plan.profile == .basic, plan.rule(for: .encapsulatedDocument, .OB, creator: nil) == nil else {
            return nil
        }
        return UInt32(DummyValue.document(mimeType: dataSet.string(.mimeType)).count)
    }

    /// The items of a sequence, each of them processed; nil for what is no sequence.
    mutating func items(of element: Element, in dataSet: DataSet) -> Element? {
        guard case .sequence = element.value else { return nil }
        var items: [DataSet] = []
        for item in dataSet.items(element.tag) { items.append(process(item, in: element.tag)) }
        return .sequence(element.tag, items)
    }
}

extension Tag {
    static let contentSequence = Tag(0x0040, 0xa730)
    static let encapsulatedDocument = Tag(0x0042, 0x0011)
    static let encapsulatedDocumentLength = Tag(0x0042, 0x0015)
    static let mimeType = Tag(0x0042, 0x0012)
}
