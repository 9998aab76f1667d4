public import Foundation
public import LightboxCore

/// Who says it: the program, the model and the time. The same for every object of a run.
public struct Authorship: Sendable {
    /// The model whose numbers are written down.
    public struct Algorithm: Sendable, Hashable {
        public var name: String
        public var version: String
        /// Of the model's file.
        public var contentHash: ContentHash
        /// What else the numbers depend on, one a line: `threshold of Pneumonia: 0.42`.
        public var parameters: [String]

        public init(name: String, version: String, contentHash: ContentHash, parameters: [String] = []) {
            self.name = name
            self.version = version
            self.contentHash = contentHash
            self.parameters = parameters
        }

        var allParameters: [String] { ["SHA-256 of the model: \(contentHash)"] + parameters }
    }

    /// Lightbox's own.
    public var version: String
    public var algorithm: Algorithm
    /// When the content was made. It is no part of an instance's UID.
    public var time: Date
    /// For dates of sources that do not say in which zone theirs are.
    public var timeZone: TimeZone

    public init(version: String, algorithm: Algorithm, time: Date, timeZone: TimeZone) {
        self.version = version
        self.algorithm = algorithm
        self.time = time
        self.timeZone = timeZone
    }

    static let program = "Lightbox"
    static let statement =
        "Computed by a program that is not a medical device, and seen by nobody: not for diagnostic use."
}
