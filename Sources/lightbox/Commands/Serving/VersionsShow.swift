import ArgumentParser
import Catalog
import LightboxCore
import Pipelines
import SavedModels
import Serving

struct VersionsShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print what goes into a version and what comes out.",
        discussion: """
            Each signature with the types and shapes of its inputs and outputs, in the form that TensorFlow's \
            inspection tool gives; -1 stands for any length.

            Examples:
              lightbox versions show v1 --model flowers
              lightbox versions show --dir xception_fv/1
            """)

    @Argument(help: "The version; the default one when left out.") var name: String?
    @Option(help: "The model's name.") var model: String?
    @Option(help: "Instead: a model's file or folder.") var dir: String?
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (model == nil) != (dir == nil) else { throw ValidationError("Give --model or --dir.") }
        guard dir == nil || name == nil else { throw ValidationError("A version's name goes with --model.") }
    }

    func run() throws {
        let place: String
        if let model {
            let catalog = try global.catalog()
            place = try catalog.folder(of: catalog.servable(model, version: name))
        } else {
            place = ModelPlace.resolve(try global.home.fetched(dir ?? ""))
        }
        let file = try ServableFile(at: place)
        if case .savedModel(let folder) = file, !global.json {
            // As the file has it, with the names of its tensors; what cannot be served is shown as well.
            return print(Terminal.printable(try SavedModel(path: folder).describe()))
        }
        let loaded = try LoadedModel(file)
        let text = SignatureText(loaded.signatures.values.sorted { $0.name < $1.name })
        if global.json { try printJSON(text.signatures) } else { print(text.text) }
    }
}
