public import Foundation

/// A name under which versions of a classifier or an extractor are served.
public struct Model: Sendable, Codable, Equatable {
    /// Without a project before it: `xception_fv`.
    public let name: String
    public var settings: Settings
    /// The version that answers where none is named; nil before the first one is ready.
    public var defaultVersion: ModelVersion?
    public let created: Date
    /// Changes with every change of the model, its default version's name included.
    public let etag: String

    /// What a user gives and may read back.
    public struct Settings: Sendable, Codable, Equatable {
        public var description: String
        /// At most one; `us-central1` unless told. It means nothing here, and is given back.
        public var regions: [String]
        public var labels: [String: String]
        public var logsPredictions: Bool
        public var logsToConsole: Bool

        public init(
            description: String = "", regions: [String] = [], labels: [String: String] = [:],
            logsPredictions: Bool = false, logsToConsole: Bool = false
        ) {
            self.description = description
            self.regions = regions
            self.labels = labels
            self.logsPredictions = logsPredictions
            self.logsToConsole = logsToConsole
        }
    }
}
