public import DICOM
public import LightboxCore

/// An instance in a store: what the index knows, and where its file is.
public struct StoredInstance: Sendable, Hashable {
    public let record: InstanceRecord
    /// Of the file's bytes, which are those that were taken in.
    public let contentHash: ContentHash
    /// Bytes.
    public let size: Int
    public let path: String

    public var key: InstanceKey {
        InstanceKey(
            study: record.study.studyInstanceUID, series: record.series.seriesInstanceUID,
            instance: record.instance.sopInstanceUID)
    }

    /// The file; without pixels where they are cut off, since it still has attributes then.
    public func file() throws -> DICOMFile {
        do {
            return try DICOMFile(path: path)
        } catch is DICOMError {
            return try DICOMFile(path: path, options: ReadOptions(stopsBeforePixelData: true))
        }
    }

    /// Where the instance stands in the order of study, series and SOP Instance UID.
    public var position: InstancePosition {
        InstancePosition(
            study: record.study.studyInstanceUID, series: record.series.seriesInstanceUID,
            instance: record.instance.sopInstanceUID)
    }
}

/// The end of a page, from which the next one goes on.
public struct InstancePosition: Sendable, Hashable {
    public let study: String
    public let series: String
    public let instance: String

    public init(study: String, series: String, instance: String) {
        self.study = study
        self.series = series
        self.instance = instance
    }
}

/// Which instances of a store are meant: those that equal every value given here.
public struct InstanceFilter: Sendable, Hashable {
    public var studyInstanceUID: String?
    public var seriesInstanceUID: String?
    public var sopInstanceUID: String?
    public var patientID: String?
    public var accessionNumber: String?
    public var modality: String?
    public var sopClassUID: String?

    public init(
        studyInstanceUID: String? = nil, seriesInstanceUID: String? = nil, sopInstanceUID: String? = nil,
        patientID: String? = nil, accessionNumber: String? = nil, modality: String? = nil,
        sopClassUID: String? = nil
    ) {
        self.studyInstanceUID = studyInstanceUID
        self.seriesInstanceUID = seriesInstanceUID
        self.sopInstanceUID = sopInstanceUID
        self.patientID = patientID
        self.accessionNumber = accessionNumber
        self.modality = modality
        self.sopClassUID = sopClassUID
    }

    public static let all = InstanceFilter()
}
