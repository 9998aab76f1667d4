import ArgumentParser
import Catalog
import LightboxCore

/// `lightbox models …`
struct ModelsCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models", abstract: "Keep models under a name, to serve their versions.",
        subcommands: [
            ModelsCreate.self, ModelsList.self, ModelsDescribe.self, ModelsUpdate.self, ModelsDelete.self,
        ])
}

struct ModelsCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a model; versions come next.",
        discussion: """
            Example:
              lightbox models create xception_fv --description 'Feature vectors of PNG images'
            """)

    @Argument(help: "Letters, digits and '_', a letter first.") var name: String
    @Option(help: "What it is for.") var description = ""
    @Option(help: "Taken and given back, without effect.") var regions: String?
    @OptionGroup var labels: LabelOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let settings = Model.Settings(
            description: description, regions: regions?.split(separator: ",").map(String.init) ?? [],
            labels: labels.labels)
        let model = try global.catalog().createModel(name, settings)
        if global.json { return try printJSON(model) }
        print("Created model \(name).")
        global.note("Next: lightbox versions create v1 --model \(name) --origin FOLDER")
    }
}

struct ModelsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the models and their default versions.",
        discussion: """
            Example:
              lightbox models list --filter 'name:x*'
            """)

    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let catalog = try global.catalog()
        let models = try list.all { try catalog.models($0) }
        if global.json { return try printJSON(models) }
        printTable(
            ["NAME", "DEFAULT_VERSION_NAME", "DESCRIPTION"],
            models.map { [$0.name, $0.defaultVersion?.name ?? "–", $0.settings.description] })
    }
}

struct ModelsDescribe: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Say what is known of a model.",
        discussion: """
            Example:
              lightbox models describe hugs
            """)

    @Argument var name: String
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let model = try global.catalog().model(name)
        if global.json { return try printJSON(model) }
        var description = Description()
        description.add("name", model.name)
        description.add("description", model.settings.description)
        description.add("labels", model.settings.labels)
        description.add("regions", model.settings.regions.joined(separator: ", "))
        description.add("created", model.created)
        description.add("default version", model.defaultVersion?.name ?? "none")
        description.add("etag", model.etag)
        description.print()
    }
}

struct ModelsUpdate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Change a model's description or labels.",
        discussion: """
            Example:
              lightbox models update hugs --description 'Is it a hug?'
            """)

    @Argument var name: String
    @Option(help: "What it is for.") var description: String?
    @OptionGroup var labels: LabelOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard description != nil || !labels.texts.isEmpty else { throw ValidationError("Say what is to change.") }
    }

    func run() throws {
        let paths = (description == nil ? [] : ["description"]) + labels.labels.keys.map { "labels.\($0)" }
        let settings = Model.Settings(description: description ?? "", labels: labels.labels)
        let catalog = try global.catalog()
        _ = try catalog.patchModel(name, mask: UpdateMask(paths: paths), to: settings)
        if global.json { return try printJSON(catalog.model(name)) }
        print("Updated model \(name).")
    }
}

struct ModelsDelete: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Remove a model that has no versions.",
        discussion: """
            Example:
              lightbox models delete hugs
            """)

    @Argument var name: String
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let operation = try global.catalog().deleteModel(name)
        if global.json { return try printJSON(operation) }
        print("Deleted model \(name).")
    }
}
