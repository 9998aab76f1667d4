import LightboxCore

/// What a label in the state "uncertain" is taken for while training: positive with probability `u`, counted
/// with weight `w`. Each label may have its own.
///
/// The loss of one value is `weight × CE(logit, target)`, with target and weight from the state:
///
/// | state | target | weight |
/// |---|---|---|
/// | not mentioned, negative | 0 | 1 |
/// | uncertain | u | w |
/// | positive | 1 | 1 |
///
/// The policies with names are those of Irvin et al. 2019 (CheXpert, arXiv:1901.07031), section 3.
public struct UncertaintyPolicy: Sendable, Hashable {
    /// What holds for a label without a rule of its own.
    public var standard: UncertaintyRule
    /// By the label's name, as given; ``rules(for:)`` matches without regard to case, spaces and dashes.
    public var perLabel: [String: UncertaintyRule]

    public init(_ standard: UncertaintyRule, perLabel: [String: UncertaintyRule] = [:]) {
        self.standard = standard
        self.perLabel = perLabel
    }

    public static let ignore = UncertaintyPolicy(.ignore)
    public static let zeros = UncertaintyPolicy(.zeros)
    public static let ones = UncertaintyPolicy(.ones)
    public static let hybrid = UncertaintyPolicy(.hybrid)
    public static let learned = UncertaintyPolicy(.learned)

    /// The rule of each label, in the order given.
    ///
    /// - Throws: ``TrainingError`` when the policy names a label that is not among them.
    public func rules(for labels: [String]) throws -> [UncertaintyRule] {
        let known = Set(labels.map(Self.folded))
        for name in perLabel.keys.sorted() where !known.contains(Self.folded(name)) {
            throw TrainingError(
                .badSetting, "--uncertain", "there is no label \"\(name)\"",
                remedy: "The labels are: \(labels.joined(separator: ", ")).")
        }
        let own = Dictionary(perLabel.map { (Self.folded($0.key), $0.value) }, uniquingKeysWith: { $1 })
        return labels.map { own[Self.folded($0)] ?? standard }
    }

    /// `Pleural Effusion`, `pleural-effusion` and `pleural_effusion` are one label.
    static func folded(_ name: String) -> String {
        String(name.lowercased().map { $0 == " " || $0 == "-" ? "_" : $0 })
    }
}

/// The `u` and `w` of one label.
public struct UncertaintyRule: Sendable, Hashable {
    /// Probability of being positive, 0...1; of a learned rule, where learning starts.
    public var u: Double
    /// Weight in the loss, 0...1; of a learned rule, where learning starts.
    public var w: Double
    /// Whether `u` and `w` move while training, see ``LearnedRules``.
    public var isLearned: Bool

    public init(u: Double, w: Double, isLearned: Bool = false) {
        self.u = u
        self.w = w
        self.isLearned = isLearned
    }

    /// Uncertain labels do not count.
    public static let ignore = UncertaintyRule(u: 0, w: 0)
    /// Uncertain is negative.
    public static let zeros = UncertaintyRule(u: 0, w: 1)
    /// Uncertain is positive.
    public static let ones = UncertaintyRule(u: 1, w: 1)
    /// Half counted, and rather negative.
    public static let hybrid = UncertaintyRule(u: 0.25, w: 0.5)
    /// Undecided at first.
    public static let learned = UncertaintyRule(u: 0.5, w: 0.5, isLearned: true)

    static let named: [(name: String, rule: UncertaintyRule)] = [
        ("ignore", .ignore), ("zeros", .zeros), ("ones", .ones), ("hybrid", .hybrid), ("learned", .learned),
    ]
}
