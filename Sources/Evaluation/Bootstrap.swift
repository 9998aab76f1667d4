import LightboxCore

/// Intervals from drawing the cases again and again (Efron and Tibshirani 1993). The same seed gives the same
/// interval, on any number of threads.
public struct Bootstrap: Sendable, Hashable, Codable {
    public enum Method: String, Sendable, Hashable, Codable, CaseIterable {
        case percentile
        /// Corrected for bias and for a spread that changes with the value.
        case bca

        var interval: Interval.Method { self == .percentile ? .bootstrapPercentile : .bootstrapBCa }
    }

    /// How often the cases are drawn anew.
    public var replicates = 2000
    public var seed: UInt64 = 1
    /// Coverage.
    public var level = 0.95
    public var method = Method.bca
    /// Draws positive and negative cases apart, so that their numbers stay.
    public var isStratified = true

    private enum CodingKeys: String, CodingKey {
        case replicates, seed, level, method
        case isStratified = "is_stratified"
    }

    public init(
        replicates: Int = 2000, seed: UInt64 = 1, level: Double = 0.95, method: Method = .bca,
        isStratified: Bool = true
    ) {
        self.replicates = replicates
        self.seed = seed
        self.level = level
        self.method = method
        self.isStratified = isStratified
    }

    /// The interval of any statistic of the cases.
    ///
    /// BCa also leaves out every unit once: its time grows with the square of their number.
    ///
    /// - Parameters:
    ///   - plan: what is drawn; its own stratification counts here, not `isStratified`.
    ///   - statistic: from how often each case counts; nil where it is not defined.
    public func interval(
        _ plan: ResamplingPlan, threads: Int = 1, of statistic: @escaping @Sendable ([Int]) -> Double?
    ) throws(Undefined) -> Interval {
        guard plan.count > 0 else { throw .noCases }
        let drawn = values(plan, threads: threads, of: statistic)
        guard let estimate = statistic([Int](repeating: 1, count: plan.count)) else { throw .singleClass }
        guard method == .bca else { return try interval(of: drawn) }
        return try interval(of: drawn, estimate: estimate, leftOut: Self.jackknife(plan, of: statistic))
    }

    /// The statistic of every replicate; nil where it is not defined.
    public func values(
        _ plan: ResamplingPlan, threads: Int = 1, of statistic: @escaping @Sendable ([Int]) -> Double?
    ) -> [Double?] {
        var seeds = SeededGenerator(seed: seed)
        let generators = (0..<replicates).map { _ in SeededGenerator(seed: seeds.next()) }
        // A few blocks per thread, each with one array of weights.
        let block = max(1, (replicates + 8 * max(threads, 1) - 1) / (8 * max(threads, 1)))
        var starts = stride(from: 0, to: replicates, by: block).makeIterator()
        let drawBlock: @Sendable (Int) -> [Double?] = { start in
            var weights = [Int](repeating: 0, count: plan.count)
            return generators[start..<min(start + block, generators.count)].map { generator in
                var generator = generator
                plan.draw(&generator, into: &weights)
                return statistic(weights)
            }
        }
        var result: [Double?] = []
        func collect(_ values: [Double?]) -> Bool {
            result += values
            return true
        }
        do {
            try mapInOrder(
                threads: max(threads, 1), next: { starts.next() }, transform: drawBlock, consume: collect)
        } catch {
            preconditionFailure("drawing throws nothing")
        }
        return result
    }

    /// The statistic without each unit once, stratum by stratum.
    public static func jackknife(_ plan: ResamplingPlan, of statistic: ([Int]) -> Double?) -> [[Double?]] {
        var weights = [Int](repeating: 1, count: plan.count)
        return plan.strata.map { units in
            units.map { unit in
                for index in plan.cases(ofUnit: unit) { weights[index] = 0 }
                defer { for index in plan.cases(ofUnit: unit) { weights[index] = 1 } }
                return statistic(weights)
            }
        }
    }
}
