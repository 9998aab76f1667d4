public import LightboxCore

/// What is wrong with a load or a query, and what to do.
public struct WarehouseError: Failure, Equatable {
    public enum Code: String, Sendable {
        case invalidName, noSuchTable, noSuchColumn, tableExists, typeMismatch, invalidSQL, readOnly
        case malformed, timeLimit, cancelled, busy, storage
        /// Rows are not those any more that the caller has seen.
        case changed
    }

    public let code: Code
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    public var kind: FailureKind {
        switch code {
        case .invalidName, .typeMismatch, .invalidSQL, .readOnly, .noSuchColumn: .invalidInput
        case .noSuchTable: .notFound
        case .tableExists, .changed: .conflict
        case .timeLimit, .cancelled: .limitExceeded
        case .malformed: .corrupt
        case .busy, .storage: .environment
        }
    }
}
