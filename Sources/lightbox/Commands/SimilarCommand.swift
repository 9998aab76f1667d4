import ArgumentParser
import Features
import LightboxCore
import Networks
import Pipelines
import Warehouse

struct SimilarCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "similar", abstract: "Find the images of a table that are most like one.",
        discussion: """
            IMAGE is a PNG, JPEG or DICOM file, which is embedded as those of the table were, or an instance UID, path, \
            file or id that the table has.

            Examples:
              lightbox similar new.png --table features -k 5
              lightbox similar 1.2.840.1 --table features --join labels --where "finding = 'normal'"
            """)

    @Argument(help: "An image, or what the table calls one.") var image: String
    @Option(help: "A table with a column of vectors, or a SELECT.") var table: String
    @Option(name: .customShort("k"), help: "How many.") var count = 10
    @OptionGroup var vectors: VectorArguments
    @Option(help: "The network of a table that does not tell.") var network: String?
    @Option(help: "Its Keras weight file.") var weights: String?
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (1...10_000).contains(count) else { throw ValidationError("-k is 1 to 10000.") }
        guard weights == nil || network != nil else { throw ValidationError("--weights goes with --network.") }
    }

    func run() throws {
        var stage = SimilarStage(vectors.source(table))
        stage.count = count
        stage.extractor = network.map { ExtractorConfiguration(.network($0, weights: weights)) }
        stage.extractor?.precision = .float32
        try global.run { [stage] context in
            let result = try stage.run(image, context)
            var writer = QueryWriter(global.json ? .json : .table) { print($0, terminator: "") }
            try writer.begin(result.columns)
            for row in result.rows { try writer.write(row) }
            try writer.end()
        }
    }
}
