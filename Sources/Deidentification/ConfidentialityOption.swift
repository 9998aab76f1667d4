/// The options of the Basic Application Level Confidentiality Profile (PS3.15 E.3).
public enum ConfidentialityOption: String, Sendable, Hashable, Codable, CaseIterable {
    case cleanPixelData = "clean-pixel-data"
    /// Accepted so that a request can name it; nothing removes faces, and every file says so in its findings.
    case cleanRecognizableVisualFeatures = "clean-recognizable-visual-features"
    case cleanGraphics = "clean-graphics"
    case cleanStructuredContent = "clean-structured-content"
    case cleanDescriptors = "clean-descriptors"
    case retainFullDates = "retain-full-dates"
    /// Dates moved by a number of days that belongs to the patient.
    case retainModifiedDates = "retain-modified-dates"
    case retainPatientCharacteristics = "retain-patient-characteristics"
    case retainDeviceIdentity = "retain-device-identity"
    case retainUIDs = "retain-uids"
    case retainSafePrivate = "retain-safe-private"
    case retainInstitutionIdentity = "retain-institution-identity"

    /// The code in De-identification Method Code Sequence (PS3.16 CID 7050).
    var code: MethodCode {
        switch self {
        case .cleanPixelData: MethodCode("113101", "Clean Pixel Data Option")
        case .cleanRecognizableVisualFeatures: MethodCode("113102", "Clean Recognizable Visual Features Option")
        case .cleanGraphics: MethodCode("113103", "Clean Graphics Option")
        case .cleanStructuredContent: MethodCode("113104", "Clean Structured Content Option")
        case .cleanDescriptors: MethodCode("113105", "Clean Descriptors Option")
        case .retainFullDates:
            MethodCode("113106", "Retain Longitudinal Temporal Information Full Dates Option")
        case .retainModifiedDates:
            MethodCode("113107", "Retain Longitudinal Temporal Information Modified Dates Option")
        case .retainPatientCharacteristics: MethodCode("113108", "Retain Patient Characteristics Option")
        case .retainDeviceIdentity: MethodCode("113109", "Retain Device Identity Option")
        case .retainUIDs: MethodCode("113110", "Retain UIDs Option")
        case .retainSafePrivate: MethodCode("113111", "Retain Safe Private Option")
        case .retainInstitutionIdentity: MethodCode("113112", "Retain Institution Identity Option")
        }
    }

    /// The letter that stands for the option in the table; nil for those that have no column.
    var letter: UInt8? {
        switch self {
        case .retainUIDs: UInt8(ascii: "u")
        case .retainDeviceIdentity: UInt8(ascii: "d")
        case .retainInstitutionIdentity: UInt8(ascii: "i")
        case .retainPatientCharacteristics: UInt8(ascii: "p")
        case .retainFullDates: UInt8(ascii: "f")
        case .retainModifiedDates: UInt8(ascii: "m")
        case .cleanDescriptors: UInt8(ascii: "t")
        case .cleanStructuredContent: UInt8(ascii: "s")
        case .cleanGraphics: UInt8(ascii: "g")
        case .cleanPixelData, .cleanRecognizableVisualFeatures, .retainSafePrivate: nil
        }
    }
}

/// A coded concept of CID 7050.
struct MethodCode: Sendable, Hashable {
    let value: String
    let meaning: String

    init(_ value: String, _ meaning: String) { (self.value, self.meaning) = (value, meaning) }

    static let basicProfile = MethodCode("113100", "Basic Application Confidentiality Profile")
    /// All of CID 7050.
    static let all = [basicProfile] + ConfidentialityOption.allCases.map(\.code)
}
