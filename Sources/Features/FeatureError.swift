public import LightboxCore

/// Why images could not be turned into feature vectors.
public struct FeatureError: Failure, Equatable {
    public enum Code: String, Sendable {
        /// A model file whose inputs or outputs are not an image and its features.
        case modelUnsuitable
        /// Arrays or images that do not fit the model.
        case inputMismatch
        /// A precision that this model cannot be computed in.
        case precisionUnavailable
        /// Nothing to calibrate or to measure with.
        case sampleMissing
    }

    public let code: Code
    /// The network, or the model's file.
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
        case .modelUnsuitable, .precisionUnavailable: .unsupported
        case .inputMismatch, .sampleMissing: .invalidInput
        }
    }

    public var description: String { Self.text(code.rawValue, at: model, remedy) }
}
