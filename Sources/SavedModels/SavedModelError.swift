public import LightboxCore

/// Why a SavedModel cannot be read, served or given an input.
public struct SavedModelError: Failure, Equatable {
    public enum Code: String, Sendable {
        /// No folder, or one without `saved_model.pb`.
        case missingModel
        /// Bytes that break the format's rules, or a graph whose parts do not fit.
        case malformed
        case limitExceeded
        case unknownSignature
        /// An operation that reads or writes files, or runs code: models are data.
        case refusedOperation
        /// An operation that stands where the model would have to be cut and is not computed here.
        case unsupportedOperation
        /// An input of the wrong name, type or shape, or bytes that are no image.
        case badInput
    }

    public let code: Code
    /// The model's folder, or the operation in it.
    public let place: String
    /// The operation's kind (`PyFunc`) when one is to blame.
    public let operation: String?
    /// Which image of the batch could not be used, counted from 0.
    public var instance: Int?
    public let remedy: String

    public init(
        _ code: Code, _ place: String, operation: String? = nil, instance: Int? = nil, remedy: String
    ) {
        self.code = code
        self.place = place
        self.operation = operation
        self.instance = instance
        self.remedy = remedy
    }

    public var kind: FailureKind {
        switch code {
        case .missingModel, .unknownSignature: .notFound
        case .malformed: .corrupt
        case .limitExceeded: .limitExceeded
        case .refusedOperation, .unsupportedOperation: .unsupported
        case .badInput: .invalidInput
        }
    }

    public var description: String {
        let item = instance.map { " instance \($0)" } ?? ""
        let what = operation.map { " \($0)" } ?? ""
        return Self.text("\(code)", at: place + item, remedy).replacing(
            ": ", with: what + ": ", maxReplacements: 1)
    }

    static func malformed(_ place: String, _ remedy: String) -> SavedModelError {
        SavedModelError(.malformed, place, remedy: remedy)
    }
}

/// What a SavedModel may hold at most; checked before memory is taken.
public struct SavedModelLimits: Sendable, Hashable {
    public var graphBytes = 2 << 30
    /// After functions are put in the place of their calls.
    public var nodes = 300_000
    /// How deep functions call functions.
    public var callDepth = 64
    /// Of one tensor.
    public var tensorBytes = 1 << 30
    /// Operations that the part before the network may take for one batch, the turns of its loops included.
    public var steps = 10_000_000
    /// Pixels of an image in an input.
    public var imagePixels = 1 << 26

    public init() {}
}
