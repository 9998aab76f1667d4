/// What is learned: decides the loss, the numbers of a validation and what the network's output means.
public enum TrainingTask: Sendable, Codable, Hashable {
    /// Several findings at once, each in one of four states; the network gives one logit per label.
    case labels(UncertaintyPolicy)
    /// One class of several; the network gives one logit per class, and one more in the last place for images
    /// without a label when `hasExtraSlot`.
    case classes(hasExtraSlot: Bool)
    /// A map of the image's size; the network's output is a map of values 0...1.
    case heatmap(HeatmapLoss)

    /// What the command line calls it.
    public var name: String {
        switch self {
        case .labels: "labels"
        case .classes: "classes"
        case .heatmap: "heatmap"
        }
    }

    /// How many numbers the network must give per image (per pixel for maps).
    public func outputCount(labels: Int) -> Int {
        switch self {
        case .labels: labels
        case .classes(let hasExtraSlot): labels + (hasExtraSlot ? 1 : 0)
        case .heatmap: 1
        }
    }
}

/// How far a map is from the true one, as the mean over the pixels.
public enum HeatmapLoss: String, Sendable, Codable, Hashable, CaseIterable {
    case meanSquaredError = "mse"
    /// Cross-entropy of each pixel's value taken for a probability.
    case crossEntropy = "bce"
}

/// How much a label or class counts beside the others.
public enum ClassWeights: Sendable, Codable, Hashable {
    /// All alike.
    case equal
    /// Labels: a positive counts as much as there are negatives for each positive, at most `limit`.
    /// Classes: an image counts `images / (classes × images of its class)`, as scikit-learn's `balanced`, at
    /// most `limit`.
    case balanced(limit: Double = 20)
    /// By name; what is not named has 1. Labels: of positives. Classes: of the class's images.
    case given([String: Double])
}

/// Which layers learn. Frozen norm layers keep their moving mean and variance, as in Keras.
public enum TrainableLayers: Sendable, Codable, Hashable {
    case all
    /// The last dense layers only (`head_hidden`, `predictions`): the backbone is a fixed extractor.
    case head
    /// So many layers with weights, counted from the output.
    case last(Int)
    /// Everything from this layer on, in the order of the graph.
    case from(String)
}
