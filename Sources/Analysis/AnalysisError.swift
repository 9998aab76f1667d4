public import LightboxCore

/// Why an analysis cannot be made.
public struct AnalysisError: Failure, Hashable {
    public enum Code: String, Sendable {
        /// Too few rows, another number of columns, a setting out of its range.
        case badInput
        /// A number is not finite.
        case notANumber
        case libraryMissing
        /// The numbers do not allow it: a covariance without an inverse, a search without an end.
        case noSolution
    }

    public let code: Code
    /// What was computed: `pca`, `row 17`.
    public let place: String
    public let remedy: String

    public init(_ code: Code, _ place: String, _ remedy: String) {
        self.code = code
        self.place = place
        self.remedy = remedy
    }

    public var kind: FailureKind {
        switch code {
        case .badInput, .notANumber, .noSolution: .invalidInput
        case .libraryMissing: .environment
        }
    }

    public var description: String { Self.text(code.rawValue, at: place, remedy) }
}
