import ArgumentParser
import Catalog
import Foundation
import LightboxCore
import Pipelines
import Serving

/// `lightbox versions …`
struct VersionsCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "versions", abstract: "Make, list, show and delete a model's versions.",
        subcommands: [
            VersionsCreate.self, VersionsList.self, VersionsDescribe.self, VersionsShow.self,
            VersionsSetDefault.self,
            VersionsDelete.self,
        ])
}

/// The model that a version belongs to.
struct ModelOption: ParsableArguments {
    @Option(help: "The model's name.") var model: String
}

struct VersionsCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Copy a model's files in, try them, and serve them.",
        discussion: """
            The origin is a training run, a model's folder, an ONNX, TFLite or Keras file (.h5, .keras), a SavedModel \
            folder or an OpenVINO .xml: a path or gs://BUCKET/…. The first version becomes the default one.

            Examples:
              lightbox versions create v1 --model flowers --origin flowers/
              lightbox versions create version_1 --model xception_fv --origin gs://my_bucket/xception_fv/1
            """)

    @Argument(help: "Letters, digits and '_'.") var name: String
    @OptionGroup var model: ModelOption
    @Option(help: ArgumentHelp("Where the model is.", valueName: "path")) var origin: String
    @Option(help: "What is new in it.") var description = ""
    @OptionGroup var labels: LabelOptions
    @Option(help: "Taken and given back, without effect.") var framework = ""
    @Option(help: "Taken and given back, without effect.") var runtimeVersion = ""
    @Option(help: "Taken and given back, without effect.") var pythonVersion = ""
    @Option(help: "Taken and given back, without effect.") var machineType = ""
    @Option(help: "Taken, without effect: nothing needs staging here.") var stagingBucket: String?
    @Option(help: "Taken, without effect.") var region: String?
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let catalog = try global.catalog()
        var settings = ModelVersion.Settings(source: try source(catalog.home))
        settings.description = description
        settings.labels = labels.labels
        settings.framework = framework
        settings.runtimeVersion = runtimeVersion
        settings.pythonVersion = pythonVersion
        settings.machineType = machineType
        let begun = try catalog.beginVersion(name, of: model.model, settings, creator: global.creator)
        global.note("Copying, compiling and trying \(model.model)/\(name) …")
        let source = ModelPlace.resolve(try catalog.home.fetched(settings.source))
        let operation = try catalog.deployBlocking(begun, from: source) { folder in
            _ = try LoadedModel(ServableFile(at: folder), name: "\(model.model)/\(name)")
        }
        if global.json { try printJSON(operation) }
        switch operation.outcome {
        case .failed(let problem):
            global.note("Delete it before you try again: lightbox versions delete \(name) --model \(model.model)")
            throw CatalogError(
                problem.code == .internalError ? .unusable : .invalidArgument,
                "The version failed: \(problem.message)")
        case .version(let version) where !global.json:
            let bytes = version.files.reduce(0) { $0 + $1.bytes }
            print(
                "Created version \(name) of \(model.model): \(version.files.count) files, \(bytes) bytes"
                    + (version.isDefault ? ", the default one." : "."))
        default: break
        }
    }

    /// A path is kept as an absolute one, so that it still says where the model came from tomorrow.
    private func source(_ home: Home) throws -> String {
        guard !origin.contains("://") else { return origin }
        return URL(fileURLWithPath: (origin as NSString).expandingTildeInPath).standardizedFileURL.path
    }
}

struct VersionsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List a model's versions.",
        discussion: """
            Example:
              lightbox versions list --model flowers
            """)

    @OptionGroup var model: ModelOption
    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let catalog = try global.catalog()
        let versions = try list.all { try catalog.versions(of: model.model, $0) }
        if global.json { return try printJSON(versions) }
        printTable(
            ["NAME", "DEPLOYMENT_URI", "STATE", "DEFAULT"],
            versions.map {
                [$0.name, $0.settings.source, $0.state.rawValue.uppercased(), $0.isDefault ? "yes" : ""]
            })
    }
}

struct VersionsDescribe: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Say what is known of a version, with the hash of each file.",
        discussion: """
            Example:
              lightbox versions describe v1 --model flowers --verify
            """)

    @Argument var name: String
    @OptionGroup var model: ModelOption
    @Flag(help: "Read every file again and compare it with its hash.") var verify = false
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let catalog = try global.catalog()
        let version = try catalog.version(name, of: model.model)
        if global.json {
            try printJSON(version)
        } else {
            Self.print(version, folder: try catalog.place(of: version))
        }
        guard verify else { return }
        let changed = try catalog.changedFiles(of: version)
        guard changed.isEmpty else {
            throw RecordFailure.changed(changed, version: "\(model.model)/\(name)")
        }
        global.note("Every file has the bytes that were copied.")
    }

    private static func print(_ version: ModelVersion, folder: String) {
        let settings = version.settings
        var description = Description()
        description.add("name", "\(version.model)/\(version.name)")
        description.add("state", version.state.rawValue.uppercased())
        description.add("error", version.errorMessage)
        description.add("default", version.isDefault ? "yes" : "no")
        description.add("description", settings.description)
        description.add("labels", settings.labels)
        description.add("origin", settings.source)
        description.add("folder", folder)
        description.add("created", version.created)
        description.add("by", version.creator)
        description.add("last used", version.lastUsed)
        description.add("framework", settings.framework)
        description.add("runtime", settings.runtimeVersion)
        description.add("etag", version.etag)
        description.print()
        guard !version.files.isEmpty else { return }
        Swift.print("files:")
        for file in version.files {
            Swift.print("  \(file.sha256) \(file.bytes) \(Terminal.printable(file.name))")
        }
    }
}

/// Files that are not those that were copied.
private struct RecordFailure: Failure {
    let description: String
    var kind: FailureKind { .corrupt }

    static func changed(_ files: [String], version: String) -> RecordFailure {
        RecordFailure(
            description:
                "\(version): changed or missing: \(files.joined(separator: ", ")). Make the version again.")
    }
}

struct VersionsSetDefault: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set-default", abstract: "Let a version answer where none is named.",
        discussion: """
            Example:
              lightbox versions set-default v2 --model flowers
            """)

    @Argument var name: String
    @OptionGroup var model: ModelOption
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let version = try global.catalog().setDefault(name, of: model.model)
        if global.json { return try printJSON(version) }
        print("\(name) is the default version of \(model.model).")
    }
}

struct VersionsDelete: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Remove a version and its files.",
        discussion: """
            The default version goes last.

            Example:
              lightbox versions delete v1 --model flowers
            """)

    @Argument var name: String
    @OptionGroup var model: ModelOption
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let operation = try global.catalog().deleteVersion(name, of: model.model)
        if global.json { return try printJSON(operation) }
        print("Deleted version \(name) of \(model.model).")
    }
}
