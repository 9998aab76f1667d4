public import LightboxCore

/// An input that cannot be used as a whole.
public struct InputError: Failure, Equatable {
    public let kind: FailureKind
    public let description: String

    public init(_ kind: FailureKind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
