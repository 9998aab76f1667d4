import Catalog
import DICOMStore
import LightboxCore
import WireFormats

/// Imports, exports and de-identifications as requests to Google's `healthcare` v1 describe them.
enum ArchiveWorkMessage {
    static func importing(_ call: Call) throws -> ArchiveWork.Action {
        var reader = try MessageReader(call.body)
        guard var source = try reader.message("gcsSource") else {
            throw ServerError(.invalidArgument, "gcsSource is missing: send {\"uri\": \"gs://BUCKET/OBJECT\"}.")
        }
        let address = try source.text("uri")
        try source.finish()
        reader.ignore("blobStorageSettings")
        try reader.finish()
        return .importFiles(from: try bucketAddress(address, "gcsSource.uri"))
    }

    static func exporting(_ call: Call, source store: String) throws -> ArchiveWork.Action {
        var reader = try MessageReader(call.body)
        let files = try reader.message("gcsDestination")
        let table = try reader.message("bigqueryDestination")
        let selection = try selection(&reader)
        try reader.finish()
        switch (files, table) {
        case (var files?, nil):
            let folder = try bucketAddress(try files.text("uriPrefix"), "gcsDestination.uriPrefix")
            let export = ArchiveWork.FileExport(
                folder: folder, mediaType: try files.text("mimeType"), selection: selection)
            try files.finish()
            return .exportFiles(export)
        case (nil, var table?):
            var export = try tableExport(&table, source: store)
            export.selection = selection
            try table.finish()
            return .exportTable(export)
        default:
            throw ServerError(.invalidArgument, "Send one of gcsDestination and bigqueryDestination.")
        }
    }

    private static func tableExport(
        _ reader: inout MessageReader, source: String
    ) throws -> ArchiveWork.TableExport {
        let address = try reader.text("tableUri")
        let parts = address.dropFirst("bq://".count).split(separator: ".", omittingEmptySubsequences: false)
        guard address.hasPrefix("bq://"), parts.count == 3, !parts.contains("") else {
            throw ServerError(
                .invalidArgument, "bigqueryDestination.tableUri has the form bq://PROJECT.DATASET.TABLE.")
        }
        let isForced = try reader.flag("force")
        let words = ["WRITE_DISPOSITION_UNSPECIFIED", "WRITE_EMPTY", "WRITE_TRUNCATE", "WRITE_APPEND"]
        let disposition: ArchiveWork.TableExport.Disposition =
            switch try reader.word("writeDisposition", of: words) {
            case "WRITE_EMPTY": .empty
            case "WRITE_TRUNCATE": .truncate
            case "WRITE_APPEND": .append
            default: isForced ? .truncate : .empty
            }
        var export = ArchiveWork.TableExport(table: "\(parts[1]).\(parts[2])", disposition: disposition)
        let (json, flattened) = (try reader.message("schemaJson"), try reader.message("schemaFlattened"))
        guard json == nil || flattened == nil else {
            throw ServerError(.invalidArgument, "Send one of schemaJson and schemaFlattened.")
        }
        export.isJSON = json != nil
        if try reader.flag("includeSourceStore") { export.source = source }
        return export
    }

    static func deidentifying(_ call: Call, isStore: Bool) throws -> ArchiveWork.Deidentification {
        var reader = try MessageReader(call.body)
        let field = isStore ? "destinationStore" : "destinationDataset"
        let target = try ArchivePlace.parts(of: try reader.text(field), as: field, isStore: isStore)
        var settings = ArchiveWork.Deidentification(dataset: target.dataset, store: target.store)
        if isStore { settings.selection = try selection(&reader) }
        if var config = try reader.message("config") { try Self.config(&config, into: &settings) }
        guard try reader.text("gcsConfigUri").isEmpty else {
            throw ServerError(.notOffered, "gcsConfigUri is not read here. Send the config itself.")
        }
        try reader.finish()
        return settings
    }

    private static func config(
        _ reader: inout MessageReader, into settings: inout ArchiveWork.Deidentification
    ) throws {
        if var dicom = try reader.message("dicom") {
            let profile = try dicom.text("filterProfile")
            settings.filterProfile = profile.isEmpty ? nil : profile
            settings.keepList = try tags(&dicom, "keepList")
            settings.removeList = try tags(&dicom, "removeList")
            settings.keepsInstanceUIDs = try dicom.flag("skipIdRedaction")
            try dicom.finish()
        }
        if var image = try reader.message("image") {
            let mode = try image.text("textRedactionMode")
            settings.textRedactionMode = mode.isEmpty ? nil : mode
            try image.finish()
        }
        if let text = try reader.message("text") {
            do { try text.finish() } catch {
                throw ServerError(
                    .notOffered,
                    "Transformations of kinds of text are not done here. Leave 'config.text' empty: with "
                        + "DEIDENTIFY_TAG_CONTENTS texts keep words of a list only.")
            }
        }
        reader.ignore("fhir", "annotation", "useRegionalDataProcessing")
        try reader.finish()
    }

    private static func tags(_ reader: inout MessageReader, _ name: String) throws -> [String]? {
        guard var list = try reader.message(name) else { return nil }
        let tags = try list.texts("tags")
        try list.finish()
        return tags
    }

    private static func selection(_ reader: inout MessageReader) throws -> String {
        guard var filter = try reader.message("filterConfig") else { return "" }
        let address = try filter.text("resourcePathsGcsUri")
        try filter.finish()
        return address.isEmpty ? "" : try bucketAddress(address, "filterConfig.resourcePathsGcsUri")
    }

    /// Objects only, whoever asks: other files of the machine are none of this service's business.
    private static func bucketAddress(_ address: String, _ field: String) throws -> String {
        guard address.hasPrefix("gs://") else {
            throw ServerError(.invalidArgument, "\(field) has the form gs://BUCKET/OBJECT.")
        }
        // Says what is wrong with the bucket's name or the object's.
        _ = try Home(path: "/").localPath(of: address)
        return address
    }
}
