public import LightboxCore

/// Why work on DICOM stores cannot be done.
public struct ArchiveError: Failure, Equatable {
    public let kind: FailureKind
    public let description: String

    init(_ kind: FailureKind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
