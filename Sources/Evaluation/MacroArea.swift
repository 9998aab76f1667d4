/// The mean area over several labels of the same cases, for bootstraps that draw whole cases or patients.
struct MacroArea: Sendable {
    private let labels: [(ranked: RankedScores, rows: [Int])]
    private let patients: [Int?]

    /// Labels whose area is not defined are left out.
    init(_ data: [LabelledScores]) throws(Undefined) {
        var labels: [(ranked: RankedScores, rows: [Int])] = []
        var patients = [Int?](repeating: nil, count: (data.compactMap { $0.rows.max() }.max() ?? -1) + 1)
        for label in data {
            guard let ranked = try? RankedScores(scores: label.scores, truths: label.truths),
                (try? ranked.area()) != nil
            else { continue }
            labels.append((ranked, label.rows))
            guard let known = label.patients else { continue }
            for (row, patient) in zip(label.rows, known) { patients[row] = patient }
        }
        guard !labels.isEmpty else { throw .noDefinedLabel }
        self.labels = labels
        self.patients = patients
    }

    /// Draws all cases together, by patient where patients are known.
    var plan: ResamplingPlan {
        let known = patients.contains { $0 != nil }
        // A case of no label that is left weighs nothing; it must only not fall to another's patient.
        let highest = patients.compactMap { $0 }.max() ?? 0
        let numbers = patients.enumerated().map { $1 ?? highest + 1 + $0 }
        return ResamplingPlan(
            truths: Array(repeating: false, count: patients.count), patients: known ? numbers : nil,
            isStratified: false)
    }

    /// Of the cases themselves.
    var estimate: Double { value(weights: Array(repeating: 1, count: patients.count))! }

    /// nil where a label has lost a class.
    func value(weights: [Int]) -> Double? {
        var sum = CompensatedSum()
        for label in labels {
            guard let area = label.ranked.area(weights: label.rows.map { weights[$0] }) else { return nil }
            sum += area
        }
        return sum.value / Double(labels.count)
    }
}

extension Bootstrap {
    /// The percentile interval of the mean area over labels, from draws of whole cases or patients.
    ///
    /// - Parameter data: labels of the same cases; ``LabelledScores/rows`` says which case is which.
    public func macroAreaInterval(_ data: [LabelledScores], threads: Int = 1) throws(Undefined) -> Interval {
        let macro = try MacroArea(data)
        return try interval(of: values(macro.plan, threads: threads) { macro.value(weights: $0) })
    }

    /// The percentile interval of first minus second mean area, both from the same draws.
    public func macroDifferenceInterval(
        _ first: [LabelledScores], _ second: [LabelledScores], threads: Int = 1
    ) throws(Undefined) -> Interval {
        guard first.map(\.rows) == second.map(\.rows), first.map(\.truths) == second.map(\.truths) else {
            throw .differentCases
        }
        let (one, other) = try (MacroArea(first), MacroArea(second))
        return try interval(
            of: values(one.plan, threads: threads) { weights in
                guard let here = one.value(weights: weights) else { return nil }
                return other.value(weights: weights).map { here - $0 }
            })
    }
}
