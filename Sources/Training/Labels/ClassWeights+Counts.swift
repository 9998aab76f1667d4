import LightboxCore

/// How often each label is in each state among the training images.
public struct LabelCounts: Sendable, Codable, Hashable {
    /// The labels or classes.
    public var names: [String]
    /// Per label, by `LabelState.rawValue`: not mentioned, negative, uncertain, positive.
    /// Per class: one number, the images of the class.
    public var counts: [[Int]]
    /// All images.
    public var images: Int

    public init(names: [String], counts: [[Int]], images: Int) {
        self.names = names
        self.counts = counts
        self.images = images
    }
}

extension ClassWeights {
    /// What a positive counts, per label.
    ///
    /// - Throws: ``TrainingError`` for a name that is no label, or a weight that is not positive.
    package func positiveWeights(_ data: LabelCounts) throws -> [Double] {
        switch self {
        case .equal: return data.names.map { _ in 1 }
        case .balanced(let limit):
            return data.counts.map { counts in
                let positives = counts[LabelState.positive.rawValue]
                let negatives = counts[LabelState.notMentioned.rawValue] + counts[LabelState.negative.rawValue]
                guard positives > 0, negatives > 0 else { return 1 }
                return min(limit, Double(negatives) / Double(positives))
            }
        case .given(let weights): return try Self.look(up: weights, names: data.names)
        }
    }

    /// What an image counts, per class.
    package func imageWeights(_ data: LabelCounts) throws -> [Double] {
        switch self {
        case .equal: return data.names.map { _ in 1 }
        case .balanced(let limit):
            return data.counts.map { counts in
                guard counts[0] > 0 else { return 1 }
                return min(limit, Double(data.images) / Double(data.names.count * counts[0]))
            }
        case .given(let weights): return try Self.look(up: weights, names: data.names)
        }
    }

    private static func look(up weights: [String: Double], names: [String]) throws -> [Double] {
        let known = Set(names.map(UncertaintyPolicy.folded))
        for (name, weight) in weights.sorted(by: { $0.key < $1.key }) {
            guard known.contains(UncertaintyPolicy.folded(name)), weight > 0, weight.isFinite else {
                throw TrainingError(
                    .badSetting, "--class-weights", "cannot use \(name)=\(weight)",
                    remedy: "Give a positive number for one of: \(names.joined(separator: ", ")).")
            }
        }
        let own = Dictionary(weights.map { (UncertaintyPolicy.folded($0), $1) }, uniquingKeysWith: { $1 })
        return names.map { own[UncertaintyPolicy.folded($0)] ?? 1 }
    }
}
