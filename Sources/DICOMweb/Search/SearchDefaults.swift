import DICOM
import DICOMStore

/// The attributes that a search answers with unasked.
struct SearchDefaults {
    let flavour: DICOMwebSettings.Flavour

    func tags(_ level: AttributeQuery.Level, within target: Target) -> Set<Tag> {
        var tags = Self.own[flavour]![level]!
        tags.formUnion([.studyInstanceUID])
        if level >= .series { tags.formUnion([.seriesInstanceUID]) }
        guard flavour == .standard else { return tags }
        tags.insert(.retrieveURL)
        // Who searches across studies is told of them, too (PS3.18 table 10.6.3-4 and 10.6.3-5).
        if level >= .series && target.study == nil { tags.formUnion(Self.own[flavour]![.study]!) }
        if level == .instance && target.series == nil { tags.formUnion(Self.own[flavour]![.series]!) }
        return tags
    }


    private static let own: [DICOMwebSettings.Flavour: [AttributeQuery.Level: Set<Tag>]] = [
        .google: [.study: tags(study), .series: tags(series), .instance: tags(instance)],
        // PS3.18 tables 10.6.3-3 to 10.6.3-5
        .standard: [
            .study: tags(
                study + [
                    "ModalitiesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
                ]),
            .series: tags(series + ["SeriesNumber", "NumberOfSeriesRelatedInstances"]),
            .instance: tags(instance),
        ],
    ]

    private static let study = [
        "SpecificCharacterSet", "StudyDate", "StudyTime", "AccessionNumber", "InstanceAvailability",
        "ReferringPhysicianName", "TimezoneOffsetFromUTC", "PatientName", "PatientID", "PatientBirthDate",
        "PatientSex", "StudyInstanceUID", "StudyID",
    ]
    private static let series = [
        "SpecificCharacterSet", "Modality", "TimezoneOffsetFromUTC", "SeriesDescription", "SeriesInstanceUID",
        "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime", "RequestAttributesSequence",
    ]
    private static let instance = [
        "SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "InstanceAvailability", "TimezoneOffsetFromUTC",
        "InstanceNumber", "Rows", "Columns", "BitsAllocated", "NumberOfFrames",
    ]

    private static func tags(_ keywords: [String]) -> Set<Tag> {
        Set(keywords.compactMap { DICOMDictionary.tag(forKeyword: $0) })
    }
}
