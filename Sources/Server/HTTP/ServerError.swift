public import LightboxCore

/// Why a request cannot be answered, before any model or catalogue is asked.
public struct ServerError: Failure, Equatable {
    public enum Code: String, Sendable, CaseIterable {
        case invalidArgument
        /// Well-formed, but not something that is done here.
        case notOffered
        case noSuchRoute
        case methodNotAllowed
        case bodyTooLarge
        case unsupportedMedia
        case timedOut
        /// Who asks is not known.
        case unauthenticated
        /// Who asks is known, and may not.
        case forbidden
        /// Too much at once: ask again later.
        case overloaded
        case shuttingDown
    }

    public let code: Code
    /// What is wrong, and what can be done.
    public let description: String
    /// The methods that would be allowed, for the code of this name.
    public var allowed: [String] = []
    /// Whether a token came that is not known, for `unauthenticated`.
    public var hasBadToken = false

    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    public var kind: FailureKind {
        switch code {
        case .invalidArgument, .methodNotAllowed, .forbidden, .unauthenticated: .invalidInput
        case .noSuchRoute: .notFound
        case .notOffered, .unsupportedMedia: .unsupported
        case .bodyTooLarge: .limitExceeded
        case .timedOut, .overloaded, .shuttingDown: .environment
        }
    }
}

extension ServerError {
    /// What `WWW-Authenticate` says, RFC 6750 section 3.
    var challenge: String { "Bearer realm=\"lightbox\"" + (hasBadToken ? ", error=\"invalid_token\"" : "") }
}
