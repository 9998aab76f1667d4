public import LightboxCore

/// Why a statement is not run: what is wrong, and where.
public struct GoogleSQLError: Failure, Equatable {
    public enum Code: String, Sendable {
        /// It is no GoogleSQL, or its names and types do not fit.
        case invalid
        /// It is GoogleSQL that the warehouse does not run.
        case unsupported
        case noSuchTable
    }

    public let code: Code
    /// As the clients of the service know it: `Unrecognized name: foo at [3:5]`.
    public let description: String

    init(_ code: Code, _ words: String, at place: Place) {
        self.code = code
        description = "\(words) at [\(place.line):\(place.column)]"
    }

    public var kind: FailureKind {
        switch code {
        case .invalid: .invalidInput
        case .unsupported: .unsupported
        case .noSuchTable: .notFound
        }
    }

    static func syntax(_ words: String, at place: Place) -> GoogleSQLError {
        GoogleSQLError(.invalid, "Syntax error: \(words)", at: place)
    }

    /// - Parameter remedy: what can be written instead.
    static func unsupported(_ construct: String, _ remedy: String = "", at place: Place) -> GoogleSQLError {
        GoogleSQLError(
            .unsupported, "\(construct) is not run by this warehouse" + (remedy.isEmpty ? "" : ": \(remedy)"),
            at: place)
    }
}

/// A place in a statement, lines and characters counted from 1.
public struct Place: Sendable, Hashable {
    public let line: Int
    public let column: Int
}
