/// What a classifier says of one image, under the image's key.
public struct Prediction: Sendable, Hashable {
    public var key: InstanceKey
    /// The labels that the model knows, in its own order.
    public let labels: [String]
    /// One per label, 0...1, in the order of ``labels``; a model that was trained with images without a label has
    /// one score more, the last, for these.
    public let scores: [Float]
    /// Scores from which on a label counts as found; a label without one is not judged.
    public let thresholds: [String: Double]

    /// - Precondition: `scores` are as many as `labels`, or one more.
    public init(
        key: InstanceKey = InstanceKey(fields: []), labels: [String], scores: [Float],
        thresholds: [String: Double] = [:]
    ) {
        precondition(scores.count == labels.count || scores.count == labels.count + 1)
        self.key = key
        self.labels = labels
        self.scores = scores
        self.thresholds = thresholds
    }

    /// Index of the highest score, the first of equal ones: what is printed as PREDICTION. `labels.count` where the
    /// image looks like those without a label.
    public var bestIndex: Int {
        scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
    }

    /// nil where the image looks like those without a label.
    public var bestLabel: String? { bestIndex < labels.count ? labels[bestIndex] : nil }

    /// nil for a label that the model does not know.
    public subscript(_ label: String) -> Float? { labels.firstIndex(of: label).map { scores[$0] } }

    /// Labels whose score reaches their threshold, in the model's order.
    public var found: [String] {
        labels.indices.filter { index in
            thresholds[labels[index]].map { Double(scores[index]) >= $0 } ?? false
        }.map { labels[$0] }
    }
}
