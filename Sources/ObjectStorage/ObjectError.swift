public import LightboxCore

/// Why an object could not be read or written. The text names the address and never a key, a token or a query.
public struct ObjectError: Failure, Equatable {
    public enum Code: String, Sendable {
        case invalidAddress, readOnly, notFound, noSuchBucket
        /// The credentials are missing, wrong, or do not allow this.
        case noCredentials, forbidden
        /// Another object stands there than the one that was listed or begun.
        case changed
        /// The server cannot be reached, or breaks off again and again.
        case unreachable
        /// The server refuses for a reason of its own.
        case refused
        /// The bytes are not those that were stored.
        case wrongContent
        case malformedAnswer, tooLarge, missingLibrary
    }

    public let code: Code
    /// An address as the user wrote it.
    public let address: String
    public let detail: String

    package init(_ code: Code, at address: String, _ detail: String) {
        (self.code, self.address, self.detail) = (code, address, detail)
    }

    public var kind: FailureKind {
        switch code {
        case .invalidAddress: .invalidInput
        case .readOnly: .unsupported
        case .notFound, .noSuchBucket: .notFound
        case .changed: .conflict
        case .wrongContent, .malformedAnswer: .corrupt
        case .tooLarge: .limitExceeded
        case .noCredentials, .forbidden, .unreachable, .refused, .missingLibrary: .environment
        }
    }

    public var description: String { address.isEmpty ? detail : "\(address): \(detail)" }
}
