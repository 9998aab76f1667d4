import Analysis
import ArgumentParser
import Foundation
import LightboxCore
import Pipelines

/// Options of clusterings.
struct ClusterArguments: ParsableArguments {
    @Argument(help: "A table with a column of vectors, or a SELECT.") var table: String
    @Option(help: "Starts, of which the best is kept.") var starts = 10
    @Option(help: "Principal components in place of the vectors.") var pca: Int?
    @Option(help: "A column that the clusters are compared with.") var label: String?
    @Option(help: "A picture of the first two principal components: .svg or .png.") var figure: String?
    @Option(help: "The same seed gives the same clusters.") var seed: UInt64 = 0
    @OptionGroup var vectors: VectorArguments
    @OptionGroup var output: AnalysisOutputArguments
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard starts > 0 else { throw ValidationError("--starts is at least 1.") }
    }

    func run(_ method: ClusterStage.Method) throws {
        var stage = ClusterStage(vectors.source(table, components: pca), method)
        stage.output = output.place(figure: figure)
        stage.label = label
        try global.run { [stage] context in
            let summary = try stage.run(context)
            if global.json {
                print(String(decoding: try jsonLine(summary), as: UTF8.self))
                return
            }
            print("\(summary.rows) vectors of \(summary.length) numbers")
            print("rows of the clusters: " + summary.sizes.map(String.init).joined(separator: ", "))
            if let inertia = summary.inertia { print(String(format: "inertia %.6g", inertia)) }
            if let likelihood = summary.logLikelihood {
                print(String(format: "mean log-likelihood %.6g", likelihood))
            }
            if let rand = summary.adjustedRandIndex, let shared = summary.normalizedMutualInformation, let label {
                print(
                    "agreement with \(label): "
                        + String(
                            format: "adjusted Rand index %.3f, normalised mutual information %.3f", rand, shared))
            }
            AnalysisText.end(summary.withoutVector, summary.outputs, global)
        }
    }
}

struct AnalyzeKMeans: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kmeans", abstract: "Clusters around means: a column cluster, the largest 0.")

    @Option(help: "How many.") var clusters: Int
    @OptionGroup var arguments: ClusterArguments

    func run() throws {
        var means = KMeans(clusters: clusters)
        (means.starts, means.seed) = (arguments.starts, arguments.seed)
        try arguments.run(.kMeans(means))
    }
}

struct AnalyzeMixture: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gmm", abstract: "Clusters as a mixture of normal distributions, with how sure each row is.")

    @Option(help: "How many.") var components: Int
    @Option(help: "full or diagonal.") var covariance = GaussianMixture.Covariance.full
    @OptionGroup var arguments: ClusterArguments

    func run() throws {
        var mixture = GaussianMixture(components: components)
        mixture.covariance = covariance
        (mixture.starts, mixture.seed) = (arguments.starts, arguments.seed)
        try arguments.run(.mixture(mixture))
    }
}
