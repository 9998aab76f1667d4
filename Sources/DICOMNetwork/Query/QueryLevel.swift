import DICOM
import DICOMStore

/// What a query asks for, or a retrieval sends: patients, studies, series or instances (PS3.4 section C.6).
public enum QueryLevel: String, Sendable, Hashable, CaseIterable {
    case patient = "PATIENT"
    case study = "STUDY"
    case series = "SERIES"
    case image = "IMAGE"

    /// What names one thing of this level.
    var uniqueKey: Tag {
        switch self {
        case .patient: .patientID
        case .study: .studyInstanceUID
        case .series: .seriesInstanceUID
        case .image: .sopInstanceUID
        }
    }

    /// The index counts patients among the studies.
    var queryLevel: AttributeQuery.Level {
        switch self {
        case .patient, .study: .study
        case .series: .series
        case .image: .instance
        }
    }
}
