public import LightboxCore

/// Why the catalogue does not do what was asked. Codes are those of Google's services, whose rules these are.
public struct CatalogError: Failure, Equatable {
    public enum Code: String, Sendable, Codable {
        case invalidArgument, notFound, alreadyExists
        /// Well-formed, but not in the state that things are in.
        case failedPrecondition
        /// Something changed since the caller looked: a stale etag, a lease that another process took.
        case aborted
        /// The file `catalog.db` cannot be used.
        case unusable
    }

    public let code: Code
    /// What is wrong, and what can be done.
    public let description: String

    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    public var kind: FailureKind {
        switch code {
        case .invalidArgument: .invalidInput
        case .notFound: .notFound
        case .alreadyExists, .failedPrecondition, .aborted: .conflict
        case .unusable: .environment
        }
    }
}
