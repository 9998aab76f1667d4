import Catalog
import Foundation
import WireFormats

/// Models and versions as Google's `ml` v1 writes them.
enum ModelMessage {
    static func message(_ model: Model, project: String) -> Message {
        var message = Message()
        message.add("name", "projects/\(project)/models/\(model.name)")
        message.add("description", model.settings.description)
        message.add("regions", model.settings.regions)
        if let version = model.defaultVersion {
            message.add("defaultVersion", Self.message(version, project: project))
        }
        message.add("onlinePredictionLogging", model.settings.logsPredictions)
        message.add("onlinePredictionConsoleLogging", model.settings.logsToConsole)
        message.add("labels", model.settings.labels)
        message.add("etag", model.etag)
        return message
    }

    static func message(_ version: ModelVersion, project: String, into start: Message = Message()) -> Message {
        let settings = version.settings
        var message = start
        message.add("name", "projects/\(project)/models/\(version.model)/versions/\(version.name)")
        message.add("description", settings.description)
        message.add("isDefault", version.isDefault)
        message.add("deploymentUri", settings.source)
        message.add("createTime", version.created)
        message.add("lastUseTime", version.lastUsed)
        message.add("runtimeVersion", settings.runtimeVersion)
        message.add("machineType", settings.machineType)
        message.add("state", version.state.rawValue.uppercased())
        message.add("errorMessage", version.errorMessage)
        message.add("packageUris", settings.packages)
        message.add("labels", settings.labels)
        message.add("framework", settings.framework)
        message.add("pythonVersion", settings.pythonVersion)
        message.add("predictionClass", settings.predictionClass)
        message.add("serviceAccount", settings.serviceAccount)
        if settings.minimumNodes != nil || settings.maximumNodes != nil {
            var scaling = Message()
            scaling.add("minNodes", short: settings.minimumNodes)
            scaling.add("maxNodes", short: settings.maximumNodes)
            message.add("autoScaling", scaling)
        }
        if let nodes = settings.manualNodes {
            var scaling = Message()
            scaling.add("nodes", short: nodes)
            message.add("manualScaling", scaling)
        }
        message.add(settings.others)
        message.add("etag", version.etag)
        return message
    }

    /// What a caller sends of a model.
    struct ModelInput {
        var name = ""
        var settings = Model.Settings()
        var etag = ""
        /// Short, also where the whole name was given.
        var defaultVersion: String?

        init(_ call: Call) throws {
            var reader = try MessageReader(call.body)
            name = try reader.text("name").lastPart
            settings.description = try reader.text("description")
            settings.regions = try reader.texts("regions")
            settings.labels = try reader.labels()
            settings.logsPredictions = try reader.flag("onlinePredictionLogging")
            settings.logsToConsole = try reader.flag("onlinePredictionConsoleLogging")
            etag = try reader.text("etag")
            if var version = try reader.message("defaultVersion") {
                defaultVersion = try version.text("name").lastPart
            }
            try reader.finish()
        }
    }

    /// What a caller sends of a version.
    struct VersionInput {
        var name = ""
        var settings = ModelVersion.Settings(source: "")
        var etag = ""

        private static let documents = [
            "acceleratorConfig", "container", "routes", "explanationConfig", "requestLoggingConfig",
        ]

        init(_ call: Call) throws {
            var reader = try MessageReader(call.body)
            name = try reader.text("name").lastPart
            settings.source = try reader.text("deploymentUri")
            settings.description = try reader.text("description")
            settings.labels = try reader.labels()
            settings.runtimeVersion = try reader.text("runtimeVersion")
            settings.framework = try reader.text("framework")
            settings.pythonVersion = try reader.text("pythonVersion")
            settings.machineType = try reader.text("machineType")
            settings.packages = try reader.texts("packageUris")
            settings.predictionClass = try reader.text("predictionClass")
            settings.serviceAccount = try reader.text("serviceAccount")
            if var scaling = try reader.message("autoScaling") {
                settings.minimumNodes = try scaling.integer("minNodes")
                settings.maximumNodes = try scaling.integer("maxNodes")
                scaling.ignore("metrics")
                try scaling.finish()
            }
            if var scaling = try reader.message("manualScaling") {
                settings.manualNodes = try scaling.integer("nodes")
                try scaling.finish()
            }
            settings.others = reader.documents(Self.documents)
            etag = try reader.text("etag")
            reader.ignore(
                "isDefault", "createTime", "lastUseTime", "state", "errorMessage", "lastMigrationModelId",
                "lastMigrationTime")
            try reader.finish()
        }
    }
}

extension String {
    /// What stands behind the last slash: the short name in a resource's name.
    var lastPart: String { split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? "" }
}
