import Analysis
import ArgumentParser
import Foundation
import LightboxCore
import Pipelines

struct AnalyzeCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze", abstract: "Analyse tables of vectors: maps, clusters, classifiers, strange cases.",
        discussion: """
            TABLE is a table with a column of vectors (`lightbox embed … --output sql:features`), or a SELECT. Tables \
            of metadata and labels are joined with it by a column that both have.

            Examples:
              lightbox analyze tsne features --join labels --color finding --figure map.svg
              lightbox analyze kmeans features --clusters 8 --join labels --label finding
              lightbox analyze logistic features --join labels --label finding --group patient --model lr/
            """,
        subcommands: [
            AnalyzePCA.self, AnalyzeTSNE.self, AnalyzeUMAP.self, AnalyzeKMeans.self, AnalyzeMixture.self,
            AnalyzeLogistic.self, AnalyzeSVM.self, AnalyzeMLP.self, AnalyzeNovelty.self, AnalyzeDrift.self,
        ])
}

/// Which rows of a table of vectors, and what is known of them.
struct VectorArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp("A table, or a SELECT, of metadata or labels; may be repeated.", valueName: "table"))
    var join: [String] = []
    @Option(help: "The columns to join by: NAME, or OWN=THEIRS.") var on: String?
    @Option(
        name: .customLong("where"), help: "Only rows for which this condition of SQL holds: \"modality = 'CR'\".")
    var condition: String?
    @Option(help: "The column of vectors, where there are several.") var vector: String?

    /// - Parameter components: principal components in place of the vectors.
    func source(_ table: String, components: Int? = nil) -> VectorSource {
        var source = VectorSource(table)
        source.joins = join
        source.on = on
        source.condition = condition
        source.vector = vector
        source.components = components
        return source
    }
}

/// Where the rows of the result go.
struct AnalysisOutputArguments: ParsableArguments {
    @Option(help: "A table, or a file: .csv, .jsonl.") var output: String?
    @OptionGroup var disposition: DispositionOptions

    func place(figure: String? = nil) -> AnalysisOutput {
        var place = AnalysisOutput(output)
        place.disposition = disposition.disposition
        place.figure = figure
        return place
    }
}

/// Options of maps.
struct MapArguments: ParsableArguments {
    @Argument(help: "A table with a column of vectors, or a SELECT.") var table: String
    @OptionGroup var vectors: VectorArguments
    @OptionGroup var output: AnalysisOutputArguments
    @Option(help: "A picture of the first two dimensions: .svg or .png.") var figure: String?
    @Option(name: [.customLong("color"), .customLong("colour")], help: "The column that colours the picture.")
    var colour: String?
    @Option(help: ArgumentHelp("A folder for TensorBoard's Embedding Projector.", valueName: "dir")) var projector:
        String?
    @OptionGroup var global: GlobalOptions

    func run(_ method: MapStage.Method, components: Int? = nil) throws {
        var stage = MapStage(vectors.source(table, components: components), method)
        stage.output = output.place(figure: figure)
        (stage.colour, stage.projector) = (colour, projector)
        try global.run { [stage] context in
            let summary = try stage.run(context)
            if global.json {
                print(String(decoding: try jsonLine(summary), as: UTF8.self))
                return
            }
            print("\(summary.rows) vectors of \(summary.length) numbers")
            if let ratio = summary.explainedVarianceRatio {
                let shares = ratio.prefix(5).map { String(format: "%.1f %%", 100 * $0) }.joined(separator: ", ")
                let all = String(format: "%.1f %%", 100 * ratio.reduce(0, +))
                print("variance of the first components: \(shares); of all \(ratio.count): \(all)")
            }
            if let divergence = summary.divergence { print(String(format: "divergence %.4f", divergence)) }
            AnalysisText.end(summary.withoutVector, summary.outputs, global)
        }
    }
}

struct AnalyzePCA: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pca", abstract: "Principal components: columns pc1, pc2 …")

    @Option(help: "Components.") var components = 2
    @Flag(help: "Give each component the variance 1.") var whiten = false
    @OptionGroup var map: MapArguments

    func run() throws { try map.run(.principalComponents(count: components, isWhitened: whiten)) }
}

struct AnalyzeTSNE: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tsne", abstract: "A map of two dimensions by t-SNE: columns x and y.")

    @Option(help: "Neighbours of a row, in effect.") var perplexity = 30.0
    @Option(help: "Steps of the descent.") var iterations = 1000
    @Option(help: "Principal components in place of the vectors.") var pca: Int?
    @OptionGroup var map: MapArguments

    func validate() throws {
        guard iterations > 0 else { throw ValidationError("--iterations is at least 1.") }
    }

    func run() throws {
        var tsne = TSNE()
        tsne.perplexity = perplexity
        tsne.iterations = iterations
        try map.run(.tsne(tsne), components: pca)
    }
}

struct AnalyzeUMAP: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "umap", abstract: "A map of two dimensions by UMAP: columns x and y.")

    @Option(help: "Neighbours of a row, itself among them.") var neighbors = 15
    @Option(help: "How close points may lie.") var minDist = 0.1
    @Option(help: "Rounds over the edges; 500 up to 10,000 rows, 200 beyond.") var epochs: Int?
    @Option(help: "Principal components in place of the vectors.") var pca: Int?
    @Option(help: "The same seed gives the same map.") var seed: UInt64 = 0
    @OptionGroup var map: MapArguments

    func validate() throws {
        guard epochs ?? 1 > 0 else { throw ValidationError("--epochs is at least 1.") }
    }

    func run() throws {
        var umap = UMAP()
        umap.neighbours = neighbors
        umap.minimumDistance = minDist
        umap.epochs = epochs
        umap.seed = seed
        try map.run(.umap(umap), components: pca)
    }
}

/// What analyses say at their end.
enum AnalysisText {
    static func end(_ withoutVector: Int, _ outputs: [String], _ global: GlobalOptions) {
        if withoutVector > 0 { global.note("\(withoutVector) rows without a vector were left out.") }
        for output in outputs { global.note("wrote \(output)") }
    }
}
