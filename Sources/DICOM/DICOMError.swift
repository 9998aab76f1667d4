public import LightboxCore

/// What is wrong with a DICOM file or data set. It names the attribute and never its value.
public struct DICOMError: Failure, Equatable {
    public enum Code: String, Sendable {
        case notDICOM, truncated, corrupt, missingAttribute, invalidAttribute, unsupportedTransferSyntax
        case unsupportedPixels, undecodablePixels, tooDeep, tooLarge
    }

    public var code: Code
    /// The file, where one is known.
    public var file: String?
    public var tag: Tag?
    /// What is wrong and what the reader can do now: "Pass --window full to use the whole pixel range."
    public var detail: String

    public init(_ code: Code, file: String? = nil, tag: Tag? = nil, _ detail: String) {
        self.code = code
        self.file = file
        self.tag = tag
        self.detail = detail
    }

    public var kind: FailureKind {
        switch code {
        case .notDICOM, .truncated, .corrupt, .undecodablePixels: .corrupt
        case .missingAttribute, .invalidAttribute: .invalidInput
        case .unsupportedTransferSyntax, .unsupportedPixels: .unsupported
        case .tooDeep, .tooLarge: .limitExceeded
        }
    }

    public var description: String {
        let place = [file, tag?.description].compactMap { $0 }.joined(separator: " ")
        return place.isEmpty ? detail : "\(place): \(detail)"
    }
}
