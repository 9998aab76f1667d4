public import Foundation
public import LightboxCore
public import WireFormats

/// One version of a model: its files in `models/<model>/<version>/`, and what is known of them.
public struct ModelVersion: Sendable, Codable, Equatable {
    public enum State: String, Sendable, Codable, CaseIterable {
        case creating, ready, failed, deleting, updating
    }

    public let model: String
    public let name: String
    public var settings: Settings
    public var state: State
    public var isDefault: Bool
    public let created: Date
    /// When it last answered a request.
    public var lastUsed: Date?
    /// Why it is ``State/failed``; empty otherwise.
    public var errorMessage: String
    public let etag: String
    /// Who made it, as the caller said; empty for nobody.
    public var creator: String
    /// Every file of the folder, sorted by name. Empty until the files are in place.
    public var files: [HashedFile]

    /// What a user gives and may read back. Only `source` has an effect; the rest is for old scripts.
    public struct Settings: Sendable, Codable, Equatable {
        /// The folder (or file) that the files are copied from: a path or `gs://bucket/…`.
        public var source: String
        public var description = ""
        public var labels: [String: String] = [:]
        public var runtimeVersion = ""
        public var framework = ""
        public var pythonVersion = ""
        public var machineType = ""
        public var packages: [String] = []
        public var predictionClass = ""
        public var serviceAccount = ""
        public var minimumNodes: Int?
        public var maximumNodes: Int?
        /// A fixed number of nodes.
        public var manualNodes: Int?
        /// Documents that are only given back, by the name of Google's field: `acceleratorConfig`, `container`,
        /// `routes`, `explanationConfig`, `requestLoggingConfig`.
        public var others: [String: JSONValue] = [:]

        public init(source: String) { self.source = source }
    }
}
