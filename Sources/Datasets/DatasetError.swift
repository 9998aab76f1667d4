public import LightboxCore

/// Why a labelled data set, a label set or a batch could not be had.
public struct DatasetError: Failure, Equatable {
    public enum Code: String, Sendable {
        /// A label set, a mapping or a filter that cannot be used.
        case invalidLabels
        /// A cell or a feature that is no label, view or split.
        case invalidValue
        /// A column or a feature that is not there.
        case missingColumn
        /// A file of the data set that is not there.
        case missingFile
        /// Nothing is left to learn from.
        case empty
        /// The same patient stands on both sides of a split.
        case leakage
        /// No image can be read.
        case unreadable
    }

    public let code: Code
    /// The file, with the place in it (`labels.csv line 12 column edema`); empty where there is none.
    public let place: String
    /// What is wrong and what the reader can do now; never the value of a cell.
    public let remedy: String

    public init(_ code: Code, _ place: String = "", remedy: String) {
        self.code = code
        self.place = place
        self.remedy = remedy
    }

    public var kind: FailureKind {
        switch code {
        case .missingFile: .notFound
        case .leakage: .conflict
        case .unreadable: .corrupt
        default: .invalidInput
        }
    }

    public var description: String { place.isEmpty ? remedy : "\(place): \(remedy)" }
}
