import ArgumentParser
import LightboxCore
import Pipelines

struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Load JSON lines of vectors, or a CSV, into an SQL table.",
        discussion: """
            The columns and their types come from the lines; an array of numbers becomes a vector.

            Example:
              lightbox load vectors.jsonl --table features --truncate
            """)

    @Argument(help: "JSON lines or CSV: a path, quoted pattern or gs://BUCKET/…") var vectors: String
    @Option(help: "The table, NAME or DATASET.NAME.") var table: String
    @OptionGroup var disposition: DispositionOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        var stage = LoadStage()
        stage.disposition = disposition.disposition
        try global.report { [stage] context in
            (try stage.run(vectors, table: table, context), errorsIn: context.home.jobs)
        }
    }
}
