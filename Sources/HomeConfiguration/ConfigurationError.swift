public import LightboxCore

/// A setting that cannot be used. Never shows a value, which may be a secret.
public struct ConfigurationError: Failure, Equatable {
    /// `/home/ada/.lightbox/lightbox.toml:3`, or the environment variable's name.
    public let place: String
    public let problem: String

    public var kind: FailureKind { .invalidInput }
    public var description: String { "\(place): \(problem)" }
}
