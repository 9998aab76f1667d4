public import DICOM

/// What the index knows of an instance: the attributes that people search by, three levels of them.
///
/// Texts are as in the file, decoded and without padding; dates and times keep DICOM's form (`20240131`).
/// Attributes of a study and a series are those of its first instance to be stored.
public struct InstanceRecord: Sendable, Hashable {
    public struct Study: Sendable, Hashable {
        public var studyInstanceUID: String
        public var patientID: String?
        public var patientName: String?
        public var patientBirthDate: String?
        public var patientSex: String?
        public var studyDate: String?
        public var studyTime: String?
        public var accessionNumber: String?
        public var studyID: String?
        public var studyDescription: String?
        public var referringPhysicianName: String?
    }

    public struct Series: Sendable, Hashable {
        public var seriesInstanceUID: String
        public var modality: String?
        public var seriesNumber: Int?
        public var seriesDate: String?
        public var seriesDescription: String?
        public var bodyPartExamined: String?
        public var manufacturer: String?
    }

    public struct Instance: Sendable, Hashable {
        public var sopInstanceUID: String
        public var sopClassUID: String?
        public var transferSyntaxUID: String
        public var instanceNumber: Int?
        public var patientAge: String?
        public var viewPosition: String?
        public var rows: Int?
        public var columns: Int?
        public var numberOfFrames: Int?
        public var bitsAllocated: Int?
        public var photometricInterpretation: String?
    }

    public var study: Study
    public var series: Series
    public var instance: Instance

    /// - Throws: ``DICOMStoreError`` when one of the three UIDs is missing or unusable; they name folders and
    ///   addresses later, so only digits and dots are taken, 64 at most.
    public init(of file: DICOMFile) throws {
        let data = file.dataSet
        func text(_ tag: Tag) -> String? { data.string(tag)?.indexed }
        study = try Study(
            studyInstanceUID: Self.uid(.studyInstanceUID, "Study Instance UID", in: data),
            patientID: text(.patientID), patientName: text(.patientName),
            patientBirthDate: text(.patientBirthDate), patientSex: text(.patientSex),
            studyDate: text(.studyDate), studyTime: text(.studyTime),
            accessionNumber: text(.accessionNumber), studyID: text(.studyID),
            studyDescription: text(.studyDescription),
            referringPhysicianName: text(Tag(0x0008, 0x0090)))
        series = try Series(
            seriesInstanceUID: Self.uid(.seriesInstanceUID, "Series Instance UID", in: data),
            modality: text(.modality), seriesNumber: data.int(.seriesNumber),
            seriesDate: text(.seriesDate), seriesDescription: text(.seriesDescription),
            bodyPartExamined: text(.bodyPartExamined), manufacturer: text(.manufacturer))
        instance = try Instance(
            sopInstanceUID: Self.uid(.sopInstanceUID, "SOP Instance UID", in: data),
            sopClassUID: text(.sopClassUID), transferSyntaxUID: file.transferSyntax.uid.indexed,
            instanceNumber: data.int(.instanceNumber), patientAge: text(.patientAge),
            viewPosition: text(.viewPosition), rows: data.int(.rows), columns: data.int(.columns),
            numberOfFrames: data.int(.numberOfFrames), bitsAllocated: data.int(.bitsAllocated),
            photometricInterpretation: text(.photometricInterpretation))
    }

    package init(study: Study, series: Series, instance: Instance) {
        self.study = study
        self.series = series
        self.instance = instance
    }

    private static func uid(_ tag: Tag, _ name: String, in data: DataSet) throws -> String {
        guard let text = data.string(tag), !text.isEmpty else {
            throw DICOMStoreError(
                .missingIdentifier,
                "\(tag): no \(name), so this is no storable instance (a DICOMDIR or raw data, perhaps). "
                    + "Leave the file out, or give it one.")
        }
        guard isUsable(uid: text) else {
            throw DICOMStoreError(
                .invalidIdentifier,
                "\(tag): the \(name) is not up to 64 digits and dots. Give the file a valid one.")
        }
        return text
    }
}
