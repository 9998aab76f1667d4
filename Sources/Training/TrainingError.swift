public import LightboxCore

/// Why a training run cannot start, go on or be resumed.
public struct TrainingError: Failure, Equatable {
    public enum Code: String, Sendable, Codable {
        /// A setting is out of range, or two contradict each other.
        case badSetting
        /// The data does not fit the task: no images, another number of labels, another input size.
        case unfitData
        /// The run to go on with was made with another value of a setting that changes the result.
        case otherRun
        /// There is nothing to go on with, or something is there that would be overwritten.
        case noCheckpoint, alreadyThere
        /// A checkpoint whose bytes are not what was written.
        case damagedCheckpoint
        /// The loss is no longer a number.
        case diverged
        /// The folder of the run could not be written.
        case notWritten
    }

    public var code: Code
    /// The setting, the file or the step.
    public var place: String
    public var problem: String
    /// What to do now.
    public var remedy: String

    public init(_ code: Code, _ place: String, _ problem: String, remedy: String) {
        self.code = code
        self.place = place
        self.problem = problem
        self.remedy = remedy
    }

    public var kind: FailureKind {
        switch code {
        case .badSetting, .unfitData, .diverged: .invalidInput
        case .otherRun, .alreadyThere: .conflict
        case .noCheckpoint: .notFound
        case .damagedCheckpoint: .corrupt
        case .notWritten: .environment
        }
    }

    public var description: String { "\(place): \(problem). \(remedy)" }
}
