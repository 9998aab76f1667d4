public import LightboxCore

/// Why the training engine could not be opened, or what it refused.
public struct TorchError: Failure, Equatable {
    public enum Code: String, Sendable {
        /// LightboxTorch or libtorch is not installed, or not in a version that this build speaks.
        case libraryMissing
        /// Arrays that do not fit the network or one another.
        case shapeMismatch
        /// Optimizer state that belongs to other parameters.
        case stateMismatch
        /// A GPU that is not there, or a number type that it lacks.
        case deviceMissing
        /// The settings of a process group cannot be read, or a process did not come.
        case groupFailed
        /// Another process of the group has ended, failed or fallen silent.
        case processLost
        /// libtorch refused a computation; its own words are in `remedy`.
        case computationFailed
    }

    public let code: Code
    /// The network, layer or operation.
    public let place: String
    /// What is wrong and what the reader can do now.
    public let remedy: String

    public init(code: Code, place: String, remedy: String) {
        self.code = code
        self.place = place
        self.remedy = remedy
    }

    public var kind: FailureKind {
        switch code {
        case .libraryMissing, .deviceMissing, .computationFailed, .groupFailed, .processLost:
            .environment
        case .shapeMismatch, .stateMismatch: .invalidInput
        }
    }

    public var description: String { Self.text(code.rawValue, at: place, remedy) }
}
