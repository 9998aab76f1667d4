public import DICOM
public import LightboxCore

/// Why a file could not be de-identified, or a rule or key not be used. It never holds an attribute's value.
public struct DeidentificationError: Failure, Equatable {
    public enum Code: String, Sendable {
        case contradictoryOptions, invalidRules, invalidKey, exposedKey, unsupportedObject, unsupportedRequest
        case burnedInText, undecodablePixels
    }

    public var code: Code
    /// The file, or a place in one: `rules.yaml line 3`.
    public var place: String?
    public var tag: Tag?
    public var remedy: String

    public init(_ code: Code, _ place: String? = nil, tag: Tag? = nil, remedy: String) {
        self.code = code
        self.place = place
        self.tag = tag
        self.remedy = remedy
    }

    public var kind: FailureKind {
        switch code {
        case .contradictoryOptions, .invalidRules, .invalidKey, .burnedInText: .invalidInput
        case .exposedKey: .environment
        case .unsupportedObject, .unsupportedRequest: .unsupported
        case .undecodablePixels: .corrupt
        }
    }

    public var description: String {
        let place = [place, tag?.description].compactMap { $0 }.joined(separator: " ")
        return place.isEmpty ? remedy : "\(place): \(remedy)"
    }
}
