public import LightboxCore

/// Why a database does not do what was asked. Its text never holds a row's values or a password.
public struct DatabaseFailure: Failure, Equatable {
    public enum Code: String, Sendable {
        /// Others have held what is needed for too long.
        case busy
        case uniqueViolation, foreignKeyViolation
        /// A missing value, or one that a rule of the table refuses.
        case constraintViolation
        /// No server, no connection, no library, or no right to any of it.
        case unavailable
        /// The connection broke while a change was being acknowledged: it may stand or not.
        case unknownOutcome
        case readOnly
        /// The disk is full, the file is damaged, or the server has no more room.
        case storage
        case noSuchTable, noSuchColumn
        /// Any other statement that is wrong.
        case invalidSQL
        /// A value that its column does not take, or a column that does not hold what is asked for.
        case wrongType
        case cancelled
        /// The `database` setting cannot be read.
        case invalidAddress
    }

    public let code: Code
    /// What is wrong, and what can be done.
    public let description: String
    /// PostgreSQL's SQLSTATE, or SQLite's extended result code.
    public let engineCode: String?
    /// PostgreSQL's own words about a statement, and where in it, from 1.
    package var words: String?
    package var position: Int?

    public init(_ code: Code, _ description: String, engineCode: String? = nil) {
        (self.code, self.description, self.engineCode) = (code, description, engineCode)
    }

    public var kind: FailureKind {
        switch code {
        case .uniqueViolation, .foreignKeyViolation, .constraintViolation: .conflict
        case .noSuchTable, .noSuchColumn, .invalidSQL, .wrongType, .invalidAddress: .invalidInput
        case .busy, .unavailable, .unknownOutcome, .readOnly, .storage, .cancelled: .environment
        }
    }
}
