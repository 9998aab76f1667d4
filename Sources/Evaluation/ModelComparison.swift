public import Foundation

/// Two models on the same cases: DeLong's paired test for each label, p-values adjusted for the number of labels.
public struct ModelComparison: Sendable, Hashable, Codable {
    public struct Label: Sendable, Hashable, Codable {
        public let label: String
        public let first: Metric
        public let second: Metric
        /// nil when undefined.
        public let test: DeLongTest?
        public let undefined: Undefined?
        /// Holm's (1979), over the labels whose test is defined.
        public let adjustedPValue: Double?

        private enum CodingKeys: String, CodingKey {
            case label, first, second, test, undefined
            case adjustedPValue = "adjusted_p_value"
        }
    }

    public let first: String
    public let second: String
    public let level: Double
    public let labels: [Label]
    /// First minus second mean area, with the interval of a bootstrap of whole cases or patients; nil without one.
    public let macroDifference: Metric?

    private enum CodingKeys: String, CodingKey {
        case first, second, level, labels
        case macroDifference = "macro_difference"
    }

    /// - Parameters:
    ///   - first, second: what two models say of the same cases in the same order, label by label.
    ///   - names: of the models.
    ///   - bootstrap: for the interval of the difference of the means; nil for none.
    /// - Precondition: the same labels in the same order.
    public init(
        _ first: [LabelledScores], _ second: [LabelledScores], names: (String, String) = ("first", "second"),
        level: Double = 0.95, bootstrap: Bootstrap? = nil, threads: Int = 1
    ) {
        precondition(first.map(\.label) == second.map(\.label), "both models have the same labels")
        (self.first, self.second) = names
        self.level = level
        let tests = zip(first, second).map { first, second in
            Result { () throws(Undefined) in try Self.test(first, second, level) }
        }
        let defined = tests.indices.filter { (try? tests[$0].get()) != nil }
        let adjusted = Holm.adjusted(defined.map { try! tests[$0].get().pValue })
        labels = first.indices.map { index in
            let test = try? tests[index].get()
            var reason: Undefined?
            if case .failure(let undefined) = tests[index] { reason = undefined }
            return Label(
                label: first[index].label, first: Self.area(first[index], level),
                second: Self.area(second[index], level), test: test, undefined: reason,
                adjustedPValue: defined.firstIndex(of: index).map { adjusted[$0] })
        }
        guard var bootstrap else {
            macroDifference = nil
            return
        }
        bootstrap.level = level
        var difference = Metric { () throws(Undefined) in
            try MacroArea(first).estimate - MacroArea(second).estimate
        }
        difference.addInterval(.bootstrapPercentile) { [bootstrap] () throws(Undefined) in
            try bootstrap.macroDifferenceInterval(first, second, threads: threads)
        }
        macroDifference = difference
    }

    /// One JSON object, keys sorted, the same bytes for the same numbers.
    public func json() throws -> Data { try EvaluationJSON.encode(self) }

    private static func test(
        _ first: LabelledScores, _ second: LabelledScores, _ level: Double
    ) throws(Undefined) -> DeLongTest {
        let other = try DeLong(scores: second.scores, truths: second.truths, clusters: second.patients)
        return try DeLong(scores: first.scores, truths: first.truths, clusters: first.patients)
            .compared(with: other, level: level)
    }

    private static func area(_ data: LabelledScores, _ level: Double) -> Metric {
        let ranked = Result { () throws(Undefined) in
            try RankedScores(scores: data.scores, truths: data.truths)
        }
        var metric = Metric { () throws(Undefined) in try ranked.get().area() }
        metric.addInterval(.deLong) { () throws(Undefined) in
            try DeLong(ranked.get(), clusters: data.patients).interval(level: level)
        }
        return metric
    }
}

/// Holm's step-down adjustment (1979): the chance of any false finding among all tests stays below the level.
public enum Holm {
    /// - Returns: adjusted p-values, in the order given.
    public static func adjusted(_ pValues: [Double]) -> [Double] {
        var result = pValues
        var largest = 0.0
        for (rank, index) in pValues.indices.sorted(by: { pValues[$0] < pValues[$1] }).enumerated() {
            largest = max(largest, min(1, pValues[index] * Double(pValues.count - rank)))
            result[index] = largest
        }
        return result
    }
}
