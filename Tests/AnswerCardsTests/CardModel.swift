import AnswerCards
import Evaluation
import Foundation
import Imaging
import LightboxCore
import ModelRegistry
import Networks
import Serving
import WireFormats

/// A model of the tiny network with weights from a seed, and what its folder says of it.
struct CardModel {
    let folder: String
    let loaded: LoadedModel
    let maker: CardMaker
    /// What it was judged on.
    let scores: [Double]
    let truths: [Bool]

    static let labels = ["a", "b"]

    /// - Parameter thresholds: kept with an evaluation whose scores are made up; nil for a model that was never judged.
    init(in parent: String, threshold: Double? = 0.4, seed: UInt64 = 6) throws {
        folder = parent + "/model-\(seed)"
        let network = try Network.named("tiny")
        let head = ClassifierHead(classes: 2)
        let manifest = ModelManifest(
            name: "films", architecture: .network(name: "tiny", input: [32, 32, 3], top: .head(head)),
            preprocessing: network.preprocessing, output: .classes(Self.labels),
            provenance: .init(lightbox: "0.1", created: Date(timeIntervalSince1970: 0)))
        let weights = NetworkWeights.initial(for: try network.graph(head: head), seed: seed)
        var made = try ModelFolder.write(manifest, weights: weights, to: folder)
        var random = SeededGenerator(seed: 3)
        let scores = (0..<200).map { _ in Double.random(in: 0...1, using: &random) }
        let truths = scores.map { Double.random(in: 0...1, using: &random) < $0 }
        (self.scores, self.truths) = (scores, truths)
        if let threshold {
            var settings = EvaluationSettings()
            settings.bootstrap = nil
            settings.operatingPoints = [.threshold(threshold)]
            let evaluation = ModelEvaluation(
                model: "films", dataSet: "valid.csv",
                Self.labels.map {
                    LabelledScores(label: $0, scores: scores, truths: truths, patients: Array(0..<200))
                },
                settings: settings)
            try made.update { manifest in
                manifest.metrics = try JSONValue(parsing: String(decoding: evaluation.json(), as: UTF8.self))
                manifest.output.thresholds = Dictionary(uniqueKeysWithValues: Self.labels.map { ($0, threshold) })
            }
        }
        loaded = try LoadedModel(ServableFile(at: folder), name: "films")
        maker = try CardMaker(loaded, name: "films", version: "v1", lightbox: "0.1")
    }

    func card(of image: Bytes, cases: KnownCases? = nil) async throws -> AnswerCard {
        try await maker.card(of: image, by: loaded, cases: cases)
    }

    /// A random picture, the same one for the same number.
    static func picture(_ number: Int) -> Bytes {
        var random = SeededGenerator(seed: UInt64(number))
        let samples = (0..<(40 * 30 * 3)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        return Bytes(PNG.encode(Image(width: 40, height: 30, channels: 3, samples: .uint8(samples))))
    }
}
