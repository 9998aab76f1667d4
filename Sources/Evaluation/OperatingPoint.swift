/// A threshold chosen on these cases by a rule, and what it gives: a case is called positive when it scores
/// at least as high.
public struct OperatingPoint: Sendable, Hashable, Codable {
    public enum Rule: Sendable, Hashable {
        /// The largest sensitivity + specificity; of several the highest threshold.
        case youden
        /// The highest specificity with at least this sensitivity.
        case sensitivity(Double)
        /// The highest sensitivity with at least this specificity.
        case specificity(Double)
        /// A threshold given beforehand.
        case threshold(Double)
    }

    public let rule: Rule
    /// A score of one of the cases, but for ``Rule/threshold(_:)``; nil when undefined.
    public let threshold: Double?
    public let undefined: Undefined?
    public let confusion: Confusion?
    public let rates: ConfusionRates?

    /// Finds the point, or says in `undefined` why there is none.
    ///
    /// - Parameter level: of Wilson's intervals.
    public init(_ rule: Rule, _ ranked: RankedScores, level: Double = 0.95) {
        self.rule = rule
        do throws(Undefined) {
            let (threshold, confusion) = try Self.find(rule, ranked)
            self.threshold = threshold
            self.confusion = confusion
            rates = ConfusionRates(confusion, level: level)
            undefined = nil
        } catch {
            undefined = error
            (threshold, confusion, rates) = (nil, nil, nil)
        }
    }

    /// All metrics undefined for one reason.
    init(_ rule: Rule, undefined: Undefined) {
        self.rule = rule
        self.undefined = undefined
        (threshold, confusion, rates) = (nil, nil, nil)
    }

    private static func find(_ rule: Rule, _ ranked: RankedScores) throws(Undefined) -> (Double, Confusion) {
        if case .threshold(let threshold) = rule {
            guard ranked.count > 0 else { throw .noCases }
            return (threshold, Confusion(ranked, threshold: threshold))
        }
        try ranked.needBothClasses()
        let (hits, misses) = (ranked.truePositives, ranked.falsePositives)
        let (positives, negatives) = (ranked.positives, ranked.negatives)
        var best: Int?
        for step in hits.indices {
            let isBetter =
                switch rule {
                case .youden:
                    best.map {
                        (hits[step] - hits[$0]) * negatives > (misses[step] - misses[$0]) * positives
                    } ?? true
                case .sensitivity(let target):
                    Double(hits[step]) / Double(positives) >= target
                        && (best.map { misses[step] == misses[$0] && hits[step] > hits[$0] } ?? true)
                case .specificity(let target):
                    Double(negatives - misses[step]) / Double(negatives) >= target
                        && (best.map { hits[step] > hits[$0] } ?? true)
                case .threshold: false
                }
            if isBetter { best = step }
        }
        guard let best else { throw .noSuchThreshold }
        return (ranked.thresholds[best], Confusion(ranked, step: best))
    }
}

extension OperatingPoint.Rule: Codable, CustomStringConvertible {
    private enum CodingKeys: String, CodingKey { case name, target }

    private var parts: (name: String, target: Double?) {
        switch self {
        case .youden: ("youden", nil)
        case .sensitivity(let target): ("sensitivity", target)
        case .specificity(let target): ("specificity", target)
        case .threshold(let value): ("threshold", value)
        }
    }

    /// `youden`, `sensitivity ≥ 0.9`, `threshold 0.5`.
    public var description: String {
        switch self {
        case .youden: "youden"
        case .sensitivity(let target): "sensitivity ≥ \(target)"
        case .specificity(let target): "specificity ≥ \(target)"
        case .threshold(let value): "threshold \(value)"
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(parts.name, forKey: .name)
        try container.encodeIfPresent(parts.target, forKey: .target)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let name = try container.decode(String.self, forKey: .name)
        let target = try container.decodeIfPresent(Double.self, forKey: .target)
        switch (name, target) {
        case ("youden", _): self = .youden
        case ("sensitivity", let target?): self = .sensitivity(target)
        case ("specificity", let target?): self = .specificity(target)
        case ("threshold", let value?): self = .threshold(value)
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .name, in: container,
                debugDescription: "Use youden, sensitivity, specificity or threshold.")
        }
    }
}
