public import DICOM

/// Takes out of DICOM files what identifies a patient: the Basic Application Level Confidentiality Profile of
/// PS3.15 annex E with its options, changed by rules of the project's own.
///
/// A value of this can be used from many threads; the same file, settings and key give the same bytes.
public struct Deidentifier: Sendable {
    public let profile: ConfidentialityProfile
    public let options: Set<ConfidentialityOption>
    public let rules: RuleSet
    /// Turns compressed pixels into native ones, so that regions of them can be blanked. Without it a file that
    /// needs this is refused.
    public var decoder: (@Sendable (DICOMFile) throws -> DICOMFile)?
    /// Refuse files whose pixels say that they hold text, or that usually do, where no rule cleans them.
    public var refusesBurnedInText = false

    let plan: ActionPlan
    let names: KeyedNames
    let cleaner: TextCleaner

    /// - Parameters:
    ///   - options: those of the basic profile; other profiles take Clean Pixel Data only.
    ///   - rules: the project's own; they count more than profile and options.
    ///   - key: makes new names from old ones.
    ///   - keepsInstanceUIDs: study, series and instance UIDs stay as they are.
    /// - Throws: ``DeidentificationError`` when two options exclude each other.
    public init(
        profile: ConfidentialityProfile = .basic, options: Set<ConfidentialityOption> = [],
        rules: RuleSet = RuleSet(), key: DeidentificationKey, keepsInstanceUIDs: Bool = false
    ) throws {
        if options.isSuperset(of: [.retainFullDates, .retainModifiedDates]) {
            throw DeidentificationError(
                .contradictoryOptions, remedy: "Choose one of retain-full-dates and retain-modified-dates.")
        }
        if profile != .basic, !options.subtracting([.cleanPixelData]).isEmpty {
            throw DeidentificationError(
                .contradictoryOptions, remedy: "Options belong to the basic profile; give rules with the others.")
        }
        self.profile = profile
        self.options = options
        self.rules = rules
        plan = ActionPlan(profile: profile, options: options, rules: rules, keepsInstanceUIDs: keepsInstanceUIDs)
        names = key.names
        cleaner = TextCleaner(adding: rules.vocabulary)
    }

    /// De-identifies one file. Its preamble, file meta information and what stands behind its data set are not
    /// taken over.
    ///
    /// - Throws: ``DeidentificationError`` for what has no safe counterpart: directories of media, transfer syntaxes
    ///   outside the standard, compressed pixels that a rule has to blank and nothing decodes.
    public func apply(to file: DICOMFile) throws -> DeidentifiedFile {
        try check(file)
        var findings = FindingList()
        let cleaned = try PixelCleaning(deidentifier: self).clean(file, &findings)
        var pass = DeidentificationPass(self, cleaned.file, findings)
        var result = DICOMFile(
            dataSet: pass.process(cleaned.file.dataSet, in: nil), transferSyntax: cleaned.file.transferSyntax)
        MethodAttributes(deidentifier: self, cleansPixels: cleaned.isClean, dates: pass.dates)
            .record(in: &result.dataSet, from: file.dataSet)
        result.fileMeta = DataSet(
            [Tag.sopClassUID, .sopInstanceUID].compactMap { tag in
                let name: Tag = tag == .sopClassUID ? .mediaStorageSOPClassUID : .mediaStorageSOPInstanceUID
                return result.dataSet.string(tag).map { .text(name, $0) }
            })
        return DeidentifiedFile(
            file: result, findings: pass.findings.all, correspondence: pass.correspondence)
    }

    private func check(_ file: DICOMFile) throws {
        guard UIDNames.entry(for: file.transferSyntax.uid) != nil else {
            throw DeidentificationError(
                .unsupportedObject, file.path, tag: .transferSyntaxUID,
                remedy: "This transfer syntax is not one of the standard's; convert the file first.")
        }
        let sopClass = file.dataSet.string(.sopClassUID) ?? file.fileMeta.string(.mediaStorageSOPClassUID)
        guard sopClass != "1.2.840.10008.1.3.10", file.dataSet[Tag(0x0004, 0x1220)] == nil else {
            throw DeidentificationError(
                .unsupportedObject, file.path,
                remedy: "A DICOMDIR lists patients by name: leave it out and write a new one.")
        }
    }
}

/// A file without what identified its patient, and what there is to know about it.
public struct DeidentifiedFile: Sendable {
    public let file: DICOMFile
    public let findings: [Finding]
    /// Old and new names: to be kept apart from the files, or not at all.
    public let correspondence: [Correspondence]
}

/// An old name and the new one that stands for it.
public struct Correspondence: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        case patientID = "PatientID"
        case studyInstanceUID = "StudyInstanceUID"
        case seriesInstanceUID = "SeriesInstanceUID"
        case sopInstanceUID = "SOPInstanceUID"
        case frameOfReferenceUID = "FrameOfReferenceUID"
        /// Days added to the dates of a patient; the old name is the PatientID.
        case days = "Days"
        /// A file's path, and what became of it.
        case file = "File"
    }

    public let kind: Kind
    public let old: String
    public let new: String

    public init(_ kind: Kind, old: String, new: String) { (self.kind, self.old, self.new) = (kind, old, new) }
}
