package import Features
import Foundation
package import LightboxCore
package import Warehouse

/// Makes images into vectors in the way in which a table's were made, which its history tells.
package struct TableExtractor: Sendable {
    let table: String
    /// What to use instead of what the history tells.
    var given: ExtractorConfiguration?

    package init(table: String) { self.table = table }

    /// - Parameter sample: an image, for an extractor that chose its precision by some.
    /// - Throws: ``InputError`` where nobody noted how the vectors were made, or the weights are others now.
    package func extractor(
        _ warehouse: Warehouse, sample: Image, _ context: StageContext
    ) throws -> FeatureExtractor {
        let (configuration, weights) = try configuration(warehouse)
        let made = try configuration.extractor(
            home: context.home, batch: 1, threads: context.threads, sample: [sample]
        ) { context.progress(ProgressUpdate(stage: $0, completed: 0, total: nil)) }
        if let weights, made.provenance.weights.description != weights {
            throw InputError(
                .conflict,
                "The vectors of \(table) were made with other weights of \(made.provenance.network) than those that are here "
                    + "now. Name the file with --weights, or embed the images anew.")
        }
        return made
    }

    /// As the table was made, and the hash of the weights then.
    private func configuration(_ warehouse: Warehouse) throws -> (ExtractorConfiguration, weights: String?) {
        if let given { return (given, nil) }
        let history = try (try? TableName(table)).map { try warehouse.history(of: $0) } ?? []
        guard let notes = history.last?.provenance.notes, let text = notes[EmbedStage.extractorNote] else {
            throw InputError(
                .invalidInput,
                "Nobody has noted how the vectors of \(table) were made, so say it: --network NAME. `lightbox embed … "
                    + "--output sql:TABLE` notes it.")
        }
        return (try JSONDecoder().decode(ExtractorConfiguration.self, from: Data(text.utf8)), notes["weights"])
    }
}
