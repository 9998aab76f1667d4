extension Bootstrap {
    /// The percentile interval of replicates; up to one in twenty may be undefined.
    public func interval(of replicates: [Double?]) throws(Undefined) -> Interval {
        let sorted = try Self.defined(replicates)
        let tail = (1 - level) / 2
        return Interval(
            method: .bootstrapPercentile, level: level, lower: quantile(sorted, tail),
            upper: quantile(sorted, 1 - tail))
    }

    /// The bias-corrected and accelerated interval.
    ///
    /// - Parameters:
    ///   - estimate: of the cases themselves.
    ///   - leftOut: the statistic without each unit once, for each stratum; undefined ones are passed over.
    public func interval(
        of replicates: [Double?], estimate: Double, leftOut: [[Double?]]
    ) throws(Undefined) -> Interval {
        let sorted = try Self.defined(replicates)
        guard sorted.first != sorted.last else { throw .noVariance }
        let below = sorted.count { $0 < estimate }
        let upTo = sorted.count { $0 <= estimate }
        guard upTo > 0 && below < sorted.count else { throw .oneSidedReplicates }
        let bias = NormalDistribution.quantile(Double(below + upTo) / Double(2 * sorted.count))
        let acceleration = try Self.acceleration(leftOut.map { $0.compactMap { $0 } })
        func bound(_ share: Double) -> Double {
            let z = bias + NormalDistribution.quantile(share)
            return quantile(sorted, NormalDistribution.cumulative(bias + z / (1 - acceleration * z)))
        }
        let tail = (1 - level) / 2
        return Interval(method: .bootstrapBCa, level: level, lower: bound(tail), upper: bound(1 - tail))
    }

    private static func defined(_ replicates: [Double?]) throws(Undefined) -> [Double] {
        let defined = replicates.compactMap { $0 }.sorted()
        guard !defined.isEmpty, 20 * (replicates.count - defined.count) <= replicates.count else {
            throw .undefinedReplicates
        }
        return defined
    }

    /// The skewness of the influence of single units, over all strata.
    private static func acceleration(_ strata: [[Double]]) throws(Undefined) -> Double {
        var (cubes, squares) = (0.0, 0.0)
        for values in strata where values.count > 1 {
            let count = Double(values.count)
            let mean = values.sum { $0 } / count
            let influences = values.map { (count - 1) * (mean - $0) }
            cubes += influences.sum { $0 * $0 * $0 } / (count * count * count)
            squares += influences.sum { $0 * $0 } / (count * count)
        }
        guard squares > 0 else { throw .noVariance }
        return cubes / (squares * squares.squareRoot()) / 6
    }
}
