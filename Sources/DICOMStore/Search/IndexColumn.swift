import DICOM

/// An attribute that the index keeps in a column of its own.
struct IndexColumn: Sendable {
    enum Kind: Sendable { case text, uid, date, time, integer, person }

    let tag: Tag
    let level: AttributeQuery.Level
    /// With the alias of its table: `s` study, `e` series, `i` instance.
    let sql: String
    let kind: Kind
    /// An index that begins with the store and this column.
    var index: String?

    static let all: [IndexColumn] = [
        .init(tag: .studyInstanceUID, level: .study, sql: "s.study_uid", kind: .uid, index: studyUIDs),
        .init(tag: .patientID, level: .study, sql: "s.patient_id", kind: .text, index: "dicom_study_patient"),
        .init(tag: .patientName, level: .study, sql: "s.patient_name", kind: .person),
        .init(tag: .patientBirthDate, level: .study, sql: "s.patient_birth_date", kind: .date),
        .init(tag: .patientSex, level: .study, sql: "s.patient_sex", kind: .text),
        .init(tag: .studyDate, level: .study, sql: "s.study_date", kind: .date, index: "dicom_study_date"),
        .init(tag: .studyTime, level: .study, sql: "s.study_time", kind: .time),
        .init(
            tag: .accessionNumber, level: .study, sql: "s.accession_number", kind: .text,
            index: "dicom_study_accession"),
        .init(tag: .studyID, level: .study, sql: "s.study_id", kind: .text),
        .init(tag: .studyDescription, level: .study, sql: "s.study_description", kind: .text),
        .init(tag: .referringPhysicianName, level: .study, sql: "s.referring_physician", kind: .person),
        .init(tag: .seriesInstanceUID, level: .series, sql: "e.series_uid", kind: .uid),
        .init(tag: .modality, level: .series, sql: "e.modality", kind: .text),
        .init(tag: .seriesNumber, level: .series, sql: "e.series_number", kind: .integer),
        .init(tag: .seriesDate, level: .series, sql: "e.series_date", kind: .date),
        .init(tag: .seriesDescription, level: .series, sql: "e.series_description", kind: .text),
        .init(tag: .bodyPartExamined, level: .series, sql: "e.body_part", kind: .text),
        .init(tag: .manufacturer, level: .series, sql: "e.manufacturer", kind: .text),
        .init(tag: .sopInstanceUID, level: .instance, sql: "i.sop_uid", kind: .uid),
        .init(tag: .sopClassUID, level: .instance, sql: "i.sop_class", kind: .uid),
        .init(tag: .availableTransferSyntaxUID, level: .instance, sql: "i.transfer_syntax", kind: .uid),
        .init(tag: .instanceNumber, level: .instance, sql: "i.instance_number", kind: .integer),
        .init(tag: .patientAge, level: .instance, sql: "i.patient_age", kind: .text),
        .init(tag: .viewPosition, level: .instance, sql: "i.view_position", kind: .text),
        .init(tag: .rows, level: .instance, sql: "i.rows", kind: .integer),
        .init(tag: .columns, level: .instance, sql: "i.columns", kind: .integer),
        .init(tag: .numberOfFrames, level: .instance, sql: "i.frames", kind: .integer),
        .init(tag: .bitsAllocated, level: .instance, sql: "i.bits_allocated", kind: .integer),
        .init(tag: .photometricInterpretation, level: .instance, sql: "i.photometric", kind: .text),
    ]

    /// The one behind `UNIQUE (store_id, study_uid)`.
    private static let studyUIDs = "sqlite_autoindex_dicom_study_1"

    static let byTag = Dictionary(uniqueKeysWithValues: all.map { ($0.tag, $0) })

    /// How results go by this column: those without a value first.
    var order: String { index == Self.studyUIDs ? sql : "\(sql) NULLS FIRST" }

    /// By which a value that is looked for is understood.
    var vr: VR {
        switch kind {
        case .uid: .UI
        case .date: .DA
        case .time: .TM
        case .person: .PN
        case .integer: .IS
        case .text: tag == .modality ? .CS : .LO
        }
    }
}

/// What the index counts instead of keeping (PS3.3 section C.3.4, PS3.4 tables C.6-2 and C.6-3).
struct IndexCount: Sendable {
    let tag: Tag
    let level: AttributeQuery.Level
    let sql: @Sendable (IndexDialect) -> String

    private init(_ tag: Tag, _ level: AttributeQuery.Level, _ sql: @escaping @Sendable (IndexDialect) -> String) {
        (self.tag, self.level, self.sql) = (tag, level, sql)
    }

    private static let instancesOfStudy =
        "FROM dicom_series e2 JOIN dicom_instance i2 ON i2.series = e2.id WHERE e2.study = s.id"

    static let all: [IndexCount] = [
        .init(.modalitiesInStudy, .study) { dialect in
            "(SELECT \(dialect.joined("c")) FROM (SELECT DISTINCT modality AS c FROM dicom_series "
                + "WHERE study = s.id AND modality IS NOT NULL ORDER BY 1) AS found)"
        },
        .init(.sopClassesInStudy, .study) { dialect in
            "(SELECT \(dialect.joined("c")) FROM (SELECT DISTINCT i2.sop_class AS c \(instancesOfStudy) ORDER BY 1) "
                + "AS found)"
        },
        .init(.numberOfStudyRelatedSeries, .study) { _ in
            "(SELECT count(*) FROM dicom_series WHERE study = s.id)"
        },
        .init(.numberOfStudyRelatedInstances, .study) { _ in "(SELECT count(*) \(instancesOfStudy))" },
        .init(.numberOfSeriesRelatedInstances, .series) { _ in
            "(SELECT count(*) FROM dicom_instance WHERE series = e.id)"
        },
    ]
}

extension Tag {
    static let instanceAvailability = Tag(0x0008, 0x0056)
    static let modalitiesInStudy = Tag(0x0008, 0x0061)
    static let sopClassesInStudy = Tag(0x0008, 0x0062)
    static let referringPhysicianName = Tag(0x0008, 0x0090)
    static let availableTransferSyntaxUID = Tag(0x0008, 0x3002)
    static let numberOfStudyRelatedSeries = Tag(0x0020, 0x1206)
    static let numberOfStudyRelatedInstances = Tag(0x0020, 0x1208)
    static let numberOfSeriesRelatedInstances = Tag(0x0020, 0x1209)
}
