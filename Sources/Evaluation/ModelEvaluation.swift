public import Foundation

/// Everything that is said of one model on one data set.
public struct ModelEvaluation: Sendable, Hashable, Codable {
    public let model: String
    public let dataSet: String
    public let settings: EvaluationSettings
    /// In the order given.
    public let labels: [LabelEvaluation]
    public let means: EvaluationMeans
    /// For a model that chooses one of several classes; `labels` then hold each class against the rest.
    public let classes: ClassEvaluation?

    private enum CodingKeys: String, CodingKey {
        case model
        case dataSet = "data_set"
        case settings, labels, means, classes
    }

    /// Judges a model of independent labels.
    ///
    /// - Parameters:
    ///   - data: the cases of each label; uncertain ones are left out or kept already.
    ///   - threads: of the bootstrap; the numbers do not depend on it.
    public init(
        model: String = "", dataSet: String = "", _ data: [LabelledScores], settings: EvaluationSettings = .init(),
        threads: Int = 1
    ) {
        self.model = model
        self.dataSet = dataSet
        self.settings = settings
        labels = data.map { LabelEvaluation($0, settings: settings, threads: threads) }
        means = EvaluationMeans(labels, data, settings, threads: threads)
        classes = nil
    }

    /// Judges a model that chooses one class of several.
    ///
    /// - Parameters:
    ///   - names: of the classes.
    ///   - probabilities: for each case one per class, of sum 1.
    ///   - truths: for each case the number of the true class.
    public init(
        model: String = "", dataSet: String = "", classes names: [String], probabilities: [[Double]],
        truths: [Int], patients: [Int]? = nil, settings: EvaluationSettings = .init(), threads: Int = 1
    ) {
        precondition(probabilities.count == truths.count, "one class for each case")
        precondition(probabilities.allSatisfy { $0.count == names.count }, "one probability for each class")
        self.model = model
        self.dataSet = dataSet
        self.settings = settings
        let data = names.indices.map { index in
            LabelledScores(
                label: names[index], scores: probabilities.map { $0[index] }, truths: truths.map { $0 == index },
                patients: patients)
        }
        labels = data.map { LabelEvaluation($0, settings: settings, threads: threads) }
        means = EvaluationMeans(labels, data, settings, threads: threads)
        classes = ClassEvaluation(
            names: names, probabilities: probabilities, truths: truths, level: settings.level)
    }

    /// One JSON object, keys sorted, the same bytes for the same numbers.
    public func json() throws -> Data { try EvaluationJSON.encode(self) }
}

/// How evaluations are written: keys sorted, indented, a line feed at the end.
enum EvaluationJSON {
    static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value) + Data("\n".utf8)
    }
}
