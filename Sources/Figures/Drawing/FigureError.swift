public import LightboxCore

/// Why a picture could not be made.
public struct FigureError: Failure, Equatable {
    public enum Code: String, Sendable {
        /// More pixels than a picture can have.
        case tooLarge
        /// The drawing library ran out of memory or would not go on.
        case notDrawn
    }

    public let code: Code
    /// What the reader can do now.
    public let remedy: String

    public var kind: FailureKind { code == .tooLarge ? .limitExceeded : .environment }
    public var description: String { "\(code): the picture. \(remedy)" }
}
