public import LightboxCore

/// The cases that one label is judged on: what a model says, and what is true.
public struct LabelledScores: Sendable, Hashable {
    public let label: String
    /// Higher means more likely positive; probabilities where calibration is wanted.
    public let scores: [Double]
    public let truths: [Bool]
    /// For each case the number of its patient; nil when every case is a patient's only one.
    public let patients: [Int]?
    /// Which of the cases that all labels share each one is: 0..<count, without those left out.
    public let rows: [Int]
    /// Cases whose label is uncertain, however they were taken.
    public let uncertain: Int
    /// Cases left out because they are uncertain.
    public let leftOut: Int

    public init(label: String, scores: [Double], truths: [Bool], patients: [Int]? = nil) {
        precondition(scores.count == truths.count, "one truth for each score")
        precondition(patients == nil || patients!.count == truths.count, "one patient for each case")
        self.label = label
        self.scores = scores
        self.truths = truths
        self.patients = patients
        rows = Array(scores.indices)
        uncertain = 0
        leftOut = 0
    }

    /// - Parameters:
    ///   - states: what the reports say, one for each score.
    ///   - handling: what becomes of uncertain ones.
    public init(
        label: String, scores: [Double], states: [LabelState], uncertain handling: UncertainHandling = .leaveOut,
        patients: [Int]? = nil
    ) {
        precondition(scores.count == states.count, "one state for each score")
        precondition(patients == nil || patients!.count == states.count, "one patient for each case")
        let truths = states.map(handling.truth)
        let kept = truths.indices.filter { truths[$0] != nil }
        self.label = label
        self.scores = kept.map { scores[$0] }
        self.truths = kept.map { truths[$0]! }
        self.patients = patients.map { patients in kept.map { patients[$0] } }
        rows = kept
        uncertain = states.count { $0 == .uncertain }
        leftOut = states.count - kept.count
    }

    /// Numbers for names, in the order in which they first appear: patients from identifiers.
    public static func numbered(_ names: [String]) -> [Int] {
        var numbers: [String: Int] = [:]
        return names.map { name in
            let number = numbers[name] ?? numbers.count
            numbers[name] = number
            return number
        }
    }
}
