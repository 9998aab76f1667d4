import DICOM
import LightboxCore

/// What the index keeps of a study and a series beside its columns, each as DICOM JSON.
struct LevelAttributes: Sendable {
    var study: String
    var series: String

    static let none = LevelAttributes(study: "{}", series: "{}")

    init(study: String, series: String) {
        self.study = study
        self.series = series
    }

    init(of data: DataSet) {
        study = Self.json(data) { Self.isOfStudy($0) }
        series = Self.json(data) { Self.seriesTags.contains($0) }
    }

    /// Where a tag without a column is kept; nil when only the file has it.
    static func level(of tag: Tag) -> AttributeQuery.Level? {
        if isOfStudy(tag) { return .study }
        return seriesTags.contains(tag) ? .series : nil
    }

    /// A value longer than this is left to the file, so that the index stays small.
    private static let longestValue = 2048

    private static func json(_ data: DataSet, where isWanted: (Tag) -> Bool) -> String {
        let kept = data.elements.filter { isWanted($0.tag) && size(of: $0) <= longestValue }
        guard !kept.isEmpty else { return "{}" }
        var selection = DataSet(kept)
        selection[.specificCharacterSet] = data[.specificCharacterSet]
        return String(decoding: DICOMJSON.encode(selection), as: UTF8.self)
    }

    private static func size(of element: Element) -> Int {
        switch element.value {
        case .bytes(let bytes): bytes.count
        case .sequence(let items): items.reduce(0) { $0 + $1.elements.reduce(0) { $0 + 8 + size(of: $1) } }
        case .fragments: .max
        }
    }

    /// The patient modules are a study's here (PS3.3 sections C.7.1 and C.7.2).
    private static func isOfStudy(_ tag: Tag) -> Bool {
        if tag.group == 0x0010 { return IndexColumn.byTag[tag] == nil }
        return studyTags.contains(tag)
    }

    private static let studyTags: Set<Tag> = tags([
        "TimezoneOffsetFromUTC", "PhysiciansOfRecord", "NameOfPhysiciansReadingStudy",
        "AdmittingDiagnosesDescription", "ConsultingPhysicianName", "ProcedureCodeSequence",
        "ReferencedStudySequence", "IssuerOfAccessionNumberSequence", "RequestingPhysician",
        "RequestingService", "RequestedProcedureDescription", "RequestedProcedureID", "AdmissionID",
        "PatientIdentityRemoved",
    ])

    private static let seriesTags: Set<Tag> = tags([
        "SeriesTime", "InstitutionName", "StationName", "InstitutionalDepartmentName", "PerformingPhysicianName",
        "OperatorsName", "ManufacturerModelName", "ProtocolName", "PatientPosition", "Laterality",
        "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime", "PerformedProcedureStepID",
        "PerformedProcedureStepDescription", "RequestAttributesSequence", "FrameOfReferenceUID",
        "DeviceSerialNumber", "SoftwareVersions", "SeriesDescriptionCodeSequence",
    ])

    private static func tags(_ keywords: [String]) -> Set<Tag> {
        Set(keywords.compactMap { DICOMDictionary.tag(forKeyword: $0) })
    }
}
