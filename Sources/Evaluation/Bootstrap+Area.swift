extension Bootstrap {
    /// The interval of the area under the ROC curve. Leaving out single cases costs no more than ranking them.
    ///
    /// - Parameter patients: for each case the number of its patient; nil draws single cases.
    public func areaInterval(
        _ ranked: RankedScores, patients: [Int]? = nil, threads: Int = 1
    ) throws(Undefined) -> Interval {
        let estimate = try ranked.area()
        let plan = ResamplingPlan(truths: ranked.truths, patients: patients, isStratified: isStratified)
        let drawn = values(plan, threads: threads) { ranked.area(weights: $0) }
        guard method == .bca else { return try interval(of: drawn) }
        return try interval(of: drawn, estimate: estimate, leftOut: ranked.areasWithout(plan))
    }

    /// The interval of the average precision.
    ///
    /// BCa leaves out every unit once, which takes the square of their number: above `bcaLimit` units the
    /// percentile interval is given instead, and says so.
    public func averagePrecisionInterval(
        _ ranked: RankedScores, patients: [Int]? = nil, threads: Int = 1, bcaLimit: Int = 20_000
    ) throws(Undefined) -> Interval {
        _ = try ranked.averagePrecision()
        let plan = ResamplingPlan(truths: ranked.truths, patients: patients, isStratified: isStratified)
        var bootstrap = self
        if plan.strata.reduce(0, { $0 + $1.count }) > bcaLimit { bootstrap.method = .percentile }
        return try bootstrap.interval(plan, threads: threads) { ranked.averagePrecision(weights: $0) }
    }
}

extension RankedScores {
    /// Truths in the cases' own order.
    public var truths: [Bool] {
        var truths = [Bool](repeating: false, count: count)
        for (position, index) in order.enumerated() { truths[index] = isPositive[position] }
        return truths
    }

    /// The area without each unit of a plan once, from the placements: what the unit's cases add is taken
    /// off, and what they add to one another is put back.
    func areasWithout(_ plan: ResamplingPlan) -> [[Double?]] {
        let placements = doubledPlacements()
        let truths = truths
        var steps = [Int](repeating: 0, count: count)
        for step in thresholds.indices {
            for position in positions(ofStep: step) { steps[order[position]] = step }
        }
        let all = zip(placements, truths).reduce(0) { $0 + ($1.1 ? $1.0 : 0) }
        return plan.strata.map { units in
            units.map { unit in
                let cases = plan.cases(ofUnit: unit)
                let hits = cases.filter { truths[$0] }
                let misses = cases.filter { !truths[$0] }
                var doubled = all - cases.reduce(0) { $0 + placements[$1] }
                for hit in hits {
                    for miss in misses where steps[hit] <= steps[miss] {
                        doubled += steps[hit] == steps[miss] ? 1 : 2
                    }
                }
                let rest = (true: positives - hits.count, false: negatives - misses.count)
                guard rest.true > 0 && rest.false > 0 else { return nil }
                return Double(doubled) / (2 * Double(rest.true) * Double(rest.false))
            }
        }
    }
}
