public import LightboxCore

/// Why a model could not be opened or run.
public struct InferenceError: Failure, Equatable {
    public enum Code: String, Sendable {
        /// OpenVINO is not installed, or not in a version that this build speaks.
        case libraryMissing
        case modelNotFound
        /// A file that is no model, or uses operations that OpenVINO lacks.
        case modelRefused
        /// The arrays do not fit the model's inputs.
        case inputMismatch
        /// An element type with no Swift counterpart here (text, 4-bit numbers).
        case unsupportedType
        case runFailed
    }

    public let code: Code
    /// The model's file, or what it is called.
    public let model: String
    /// What is wrong and what the reader can do now.
    public let remedy: String

    public init(code: Code, model: String, remedy: String) {
        self.code = code
        self.model = model
        self.remedy = remedy
    }

    public var kind: FailureKind {
        switch code {
        case .libraryMissing, .runFailed: .environment
        case .modelNotFound: .notFound
        case .modelRefused, .unsupportedType: .unsupported
        case .inputMismatch: .invalidInput
        }
    }

    public var description: String { Self.text(code.rawValue, at: model, remedy) }
}
