public import LightboxCore

/// Why weights could not be had. The text says how to place the file by hand.
public struct WeightsError: Failure, Equatable {
    public enum Code: String, Sendable {
        case unknownNetwork, httpStatus, wrongChecksum, notWeights, interrupted, noConnection, missingLibrary
    }

    public let code: Code
    public let detail: String

    public init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    public var kind: FailureKind {
        switch code {
        case .unknownNetwork: .notFound
        case .wrongChecksum, .notWeights: .corrupt
        case .httpStatus, .interrupted, .noConnection, .missingLibrary: .environment
        }
    }

    public var description: String { detail }
}
