public import LightboxCore

/// What went wrong between two applications. It names the other side and never an attribute's value.
public struct DICOMNetworkError: Failure, Equatable {
    public enum Code: String, Sendable {
        case unreachable, cannotListen, secureConnectionFailed, rejected, aborted, closed, timedOut
        case protocolViolation, notNegotiated, failureStatus, invalidTitle, invalidQuery, tooLarge
    }

    public let code: Code
    /// `ARCHIVE at 10.0.0.5:104`.
    public let peer: String
    public let detail: String

    init(_ code: Code, _ peer: String, _ detail: String) {
        self.code = code
        self.peer = peer
        self.detail = detail
    }

    public var kind: FailureKind {
        switch code {
        case .unreachable, .cannotListen, .secureConnectionFailed, .aborted, .closed, .timedOut: .environment
        case .rejected, .failureStatus: .conflict
        case .protocolViolation: .corrupt
        case .notNegotiated: .unsupported
        case .invalidTitle, .invalidQuery: .invalidInput
        case .tooLarge: .limitExceeded
        }
    }

    public var description: String { "\(peer): \(detail)" }
}
