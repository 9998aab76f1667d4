import Catalog
import DICOMStore
import Foundation
import LightboxCore
import WireFormats

/// Datasets and DICOM stores as Google's `healthcare` v1 writes them.
enum ArchiveMessage {
    static func message(_ dataset: DICOMDataset, _ place: ArchivePlace, into start: Message = Message()) -> Message
    {
        var message = start
        message.add("name", place.name(of: dataset.name))
        message.add("timeZone", dataset.settings.timeZone)
        return message
    }

    static func message(_ store: DICOMStoreName, _ settings: DICOMStoreSettings, _ place: ArchivePlace) -> Message
    {
        var message = Message()
        message.add("name", place.name(of: store))
        message.add("labels", settings.labels)
        message.add(settings.documents.compactMapValues { try? JSONValue(parsing: $0) })
        return message
    }

    /// - Parameter filter: what the counts are of: a store has studies and series, a study series.
    static func metrics(_ counts: DICOMStoreCounts, of filter: InstanceFilter, _ start: Message) -> Message {
        var message = start
        if filter.studyInstanceUID == nil { message.add("studyCount", long: counts.studies) }
        if filter.seriesInstanceUID == nil { message.add("seriesCount", long: counts.series) }
        message.add("instanceCount", long: counts.instances)
        message.add("blobStorageSizeBytes", long: counts.bytes)
        return message
    }

    /// What a caller sends of a dataset.
    static func datasetSettings(_ call: Call) throws -> DICOMDataset.Settings {
        var reader = try MessageReader(call.body)
        let settings = DICOMDataset.Settings(timeZone: try reader.text("timeZone"))
        guard settings.timeZone.isEmpty || TimeZone(identifier: settings.timeZone) != nil else {
            throw ServerError(.invalidArgument, "timeZone is no name of IANA's, such as Europe/Berlin.")
        }
        if var encryption = try reader.message("encryptionSpec") {
            guard try encryption.text("kmsKeyName").isEmpty else {
                throw ServerError(
                    .notOffered, "Keys of a key service are not used here. Leave encryptionSpec out.")
            }
            try encryption.finish()
        }
        reader.ignore("name", "satisfiesPzs", "satisfiesPzi")
        try reader.finish()
        return settings
    }

    /// Settings of a store that are only given back: nothing is delivered.
    static let documents = ["notificationConfig", "notificationConfigs", "streamConfigs"]

    /// What a caller sends of a store.
    static func storeSettings(_ call: Call) throws -> DICOMStoreSettings {
        var reader = try MessageReader(call.body)
        var settings = DICOMStoreSettings(labels: try reader.labels())
        for (name, value) in reader.documents(Self.documents) {
            let isExpected = name.hasSuffix("s") ? value.elements != nil : value.members != nil
            guard isExpected, let text = try? value.serialized() else {
                throw ServerError(.invalidArgument, "Invalid value at '\(name)': send what the API describes.")
            }
            settings.documents[name] = String(decoding: text, as: UTF8.self)
        }
        reader.ignore("name")
        try reader.finish()
        return settings
    }
}

extension PageRequest {
    /// As the lists of `healthcare` v1 have it.
    init(archive call: Call, filtered: Bool = false) throws {
        if filtered {
            try call.query.allow("filter", "pageSize", "pageToken")
        } else {
            try call.query.allow("pageSize", "pageToken")
        }
        self.init(
            size: try call.query.integer("pageSize"), token: call.query["pageToken"] ?? "",
            filter: call.query["filter"] ?? "")
        usualSize = 100
        largestSize = 1000
    }
}
