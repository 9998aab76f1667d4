public import Networks

/// What a model's numbers mean.
public struct ModelOutput: Sendable, Codable, Hashable {
    public enum Kind: String, Sendable, Codable {
        /// One of the labels for each image (softmax).
        case classes
        /// Each label by itself, found or not (sigmoid).
        case states
        /// A map of the image's size, 0...1.
        case heatmap
    }

    public var kind: Kind
    /// In the order of the scores; none for a heat map.
    public var labels: [String]
    /// Whether one more score, the last, stands for images without a label.
    public var hasExtraSlot: Bool
    /// The model's last step; it stands inside `model.onnx`.
    public var activation: Activation
    /// By label: the score, after ``temperature``, from which on the label counts as found.
    public var thresholds: [String: Double]
    /// What the values before the activation are divided by; nil or 1 for scores as they come.
    public var temperature: Double?

    public init(
        kind: Kind, labels: [String], hasExtraSlot: Bool = false, activation: Activation,
        thresholds: [String: Double] = [:], temperature: Double? = nil
    ) {
        self.kind = kind
        self.labels = labels
        self.hasExtraSlot = hasExtraSlot
        self.activation = activation
        self.thresholds = thresholds
        self.temperature = temperature
    }

    /// One of `labels`, the scores sum to 1.
    public static func classes(_ labels: [String], hasExtraSlot: Bool = false) -> ModelOutput {
        ModelOutput(kind: .classes, labels: labels, hasExtraSlot: hasExtraSlot, activation: .softmax)
    }

    /// Any number of `labels`.
    public static func states(_ labels: [String]) -> ModelOutput {
        ModelOutput(kind: .states, labels: labels, activation: .sigmoid)
    }

    public static let heatmap = ModelOutput(kind: .heatmap, labels: [], activation: .sigmoid)

    /// Scores for each image.
    public var scoreCount: Int { labels.count + (hasExtraSlot ? 1 : 0) }

    private enum CodingKeys: String, CodingKey {
        case kind, labels, hasExtraSlot, activation, thresholds, temperature
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        kind = try fields.decode(Kind.self, forKey: .kind)
        labels = try fields.decode([String].self, forKey: .labels)
        hasExtraSlot = try fields.decodeIfPresent(Bool.self, forKey: .hasExtraSlot) ?? false
        activation = try fields.decode(Activation.self, forKey: .activation)
        thresholds = try fields.decodeIfPresent([String: Double].self, forKey: .thresholds) ?? [:]
        temperature = try fields.decodeIfPresent(Double.self, forKey: .temperature)
    }
}

extension ModelOutput {
    /// What contradicts itself; nil for nothing.
    var problem: String? {
        if Set(labels).count < labels.count { return "a label stands twice" }
        if let unknown = thresholds.keys.sorted().first(where: { !labels.contains($0) }) {
            return "there is a threshold for \(unknown), which is no label"
        }
        if !thresholds.values.allSatisfy(\.isFinite) { return "a threshold is not a number" }
        if let temperature, !(temperature.isFinite && temperature > 0) { return "the temperature is not above 0" }
        switch kind {
        case .heatmap: return labels.isEmpty && !hasExtraSlot ? nil : "a heat map has no labels"
        case .classes: return labels.isEmpty ? "there are no labels" : nil
        case .states:
            if hasExtraSlot { return "only classes have an extra slot" }
            return labels.isEmpty ? "there are no labels" : nil
        }
    }
}
