public import Evaluation

/// How the policies of a study compare: for each view, and for the average over the views.
public struct StudyRanking: Sendable, Codable, Hashable {
    /// A view's models on its held-out films, or the averages of the views' models on what all views show.
    public struct Part: Sendable, Codable, Hashable {
        public enum Unit: String, Sendable, Codable {
            case film, study, patient
        }

        /// `frontal`, `lateral`; `average` for all views together.
        public var name: String
        public var unit: Unit
        public var cases: Int
        /// nil where the data does not tell.
        public var patients: Int?
        /// One for each policy, the one of the highest mean area first.
        public var standings: [Standing]
        public var labels: [Label]
        /// The first standing against each other one, in their order: DeLong's test for every label, and the bootstrap
        /// interval of the difference of the means.
        public var comparisons: [ModelComparison]
        /// Of the average only: against each view alone, on the same cases, by policy in the order of the standings.
        public var againstViews: [ModelComparison]
    }

    public struct Standing: Sendable, Codable, Hashable {
        public var policy: String
        public var macroAUC: Metric
        public var macroAveragePrecision: Metric
        public var labels: [LabelMetrics]
    }

    public struct LabelMetrics: Sendable, Codable, Hashable {
        public var label: String
        public var cases: Int
        public var positives: Int
        public var auc: Metric
        public var averagePrecision: Metric
    }

    /// Which policy is best for one label.
    public struct Label: Sendable, Codable, Hashable {
        public var label: String
        /// Of the highest area: several where they are alike, none where no area is defined.
        public var best: [String]
        /// The first of the best against each other policy.
        public var rivals: [Rival]
    }

    public struct Rival: Sendable, Codable, Hashable {
        public var policy: String
        /// The best policy's area less this one's; nil when undefined.
        public var test: DeLongTest?
        public var undefined: Undefined?
        /// Holm's, over all labels and rivals of the part.
        public var adjustedPValue: Double?
    }

    public var parts: [Part]
    /// What the numbers were computed with.
    public var settings: EvaluationSettings
    /// How the views were joined.
    public var ensemble: Ensemble
    /// What a reader has to know, such as why there is no average.
    public var notes: [String]
}
