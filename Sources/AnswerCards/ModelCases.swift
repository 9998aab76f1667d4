import Analysis
import Foundation
import LightboxCore
import ModelRegistry

/// What a model's folder keeps of the cases that it was made from: which images are strange to it.
struct ModelCases: Sendable {
    private let novelty: NoveltyModel
    /// Of the file.
    let sha256: ContentHash
    /// The share of the model's own cases that would be called strange.
    private static let level = 0.01

    /// nil for a folder that has none.
    init?(_ folder: ModelFolder) throws {
        let path = folder.path + "/" + AnswerCard.Novelty.fileName
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        novelty = try NoveltyModel(path: path)
        sha256 = try ContentHash(ofFile: path)
    }

    /// Cases that the file tells of.
    var count: Int { novelty.count }
    /// Whether the look of the image itself counts.
    var takesAppearance: Bool { novelty.appearanceLength != nil }

    /// - Parameters:
    ///   - embedding: the model's own of the image.
    ///   - appearance: the look of the image, where it counts.
    func novelty(of embedding: [Float], appearance: [Float]?) throws -> AnswerCard.Novelty {
        let score = try novelty.score(embedding, appearance: appearance)
        return AnswerCard.Novelty(
            pValue: score.pValue, appearance: score.appearance?.pValue, level: Self.level,
            isStrange: score.isStrange(rate: Self.level),
            cases: novelty.count, sha256: sha256)
    }
}

extension AnswerCard.Novelty {
    /// Of the file in a model's folder.
    public static let fileName = "novelty.safetensors"
}
