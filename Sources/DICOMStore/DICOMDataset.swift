public import Foundation

/// A group of DICOM stores under one name.
public struct DICOMDataset: Sendable, Hashable, Codable {
    public struct Settings: Sendable, Hashable, Codable {
        /// As IANA names it; empty for UTC.
        public var timeZone: String

        public init(timeZone: String = "") { self.timeZone = timeZone }

        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            timeZone = try values.decodeIfPresent(String.self, forKey: .timeZone) ?? ""
        }
    }

    public let name: String
    public var settings: Settings
    /// nil where it is older than the record of datasets.
    public let created: Date?

    public init(name: String, settings: Settings = Settings(), created: Date? = nil) {
        (self.name, self.settings, self.created) = (name, settings, created)
    }
}

/// What is kept of a store beside its instances.
public struct DICOMStoreSettings: Sendable, Hashable, Codable {
    public var labels: [String: String]
    /// JSON texts that are only given back, by the name of Google's field: `notificationConfig`, `streamConfigs`.
    public var documents: [String: String]

    public init(labels: [String: String] = [:], documents: [String: String] = [:]) {
        self.labels = labels
        self.documents = documents
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        labels = try values.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
        documents = try values.decodeIfPresent([String: String].self, forKey: .documents) ?? [:]
    }
}
