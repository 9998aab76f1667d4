/// How strange one case is to those that a model was trained on.
public struct NoveltyScore: Sendable, Hashable, Codable {
    /// One view of the case: what was measured, and where that lies among the training cases.
    public struct Signal: Sendable, Hashable, Codable {
        /// A distance from the training cases; without a unit, larger is stranger.
        public let distance: Double
        /// The share of training cases, the case itself counted among them, that lie as far out: 1 / (n + 1) ... 1.
        public let pValue: Double
    }

    /// All signals in one number; its size means nothing beside the same model's other scores.
    public let statistic: Double
    /// The chance that a case like those of the training is as strange, 1 / (n + 1) ... 1.
    public let pValue: Double
    /// Per cent of the training cases that are less strange, 0...100.
    public let percentile: Double
    /// Mahalanobis' distance of the features.
    public let features: Signal
    /// The distance of the features to the k-th nearest training case.
    public let neighbours: Signal
    /// The distance of what the picture looks like to the k-th nearest training case; nil where it is not known.
    public let appearance: Signal?

    /// Whether a case is stranger than all but this share of what the model knows.
    ///
    /// Of cases like those of the training, no more than `rate` are flagged. Fewer than 1 / rate − 1 training cases can flag
    /// nothing.
    public func isStrange(rate: Double = 0.01) -> Bool { pValue <= rate }
}
