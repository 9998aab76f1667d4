/// The variance of an area, or of a difference of areas, from one number per case.
///
/// The number is the case's placement (or the difference of two); its mean over either class is the area.
struct PlacementVariance {
    private let truths: [Bool]
    private let clusters: [Int]?

    init(_ truths: [Bool], _ clusters: [Int]?) {
        precondition(clusters == nil || clusters!.count == truths.count, "one cluster for each case")
        self.truths = truths
        self.clusters = clusters
    }

    func ofMean(_ values: [Double]) throws(Undefined) -> Double {
        let positives = zip(values, truths).lazy.filter(\.1).map(\.0)
        let negatives = zip(values, truths).lazy.filter { !$0.1 }.map(\.0)
        let counts = (true: truths.count { $0 }, false: truths.count { !$0 })
        guard counts.true > 0 else { throw .noPositives }
        guard counts.false > 0 else { throw .noNegatives }
        let means = (
            true: positives.sum { $0 } / Double(counts.true), false: negatives.sum { $0 } / Double(counts.false)
        )
        if let clusters { return try ofMean(values, means, clusters) }
        guard counts.true > 1 else { throw .singlePositive }
        guard counts.false > 1 else { throw .singleNegative }
        let squares = (
            true: positives.sum { ($0 - means.true) * ($0 - means.true) },
            false: negatives.sum { ($0 - means.false) * ($0 - means.false) }
        )
        return squares.true / Double(counts.true) / Double(counts.true - 1)
            + squares.false / Double(counts.false) / Double(counts.false - 1)
    }

    /// Obuchowski 1997: deviations are summed within a patient before they are squared.
    private func ofMean(
        _ values: [Double], _ means: (true: Double, false: Double), _ clusters: [Int]
    ) throws(Undefined) -> Double {
        struct Cluster {
            var positives = 0
            var negatives = 0
            var ofPositives = CompensatedSum()
            var ofNegatives = CompensatedSum()
        }
        var found: [Int: Int] = [:]
        var sums: [Cluster] = []
        for index in values.indices {
            let cluster = found[clusters[index]] ?? sums.count
            if cluster == sums.count {
                found[clusters[index]] = cluster
                sums.append(Cluster())
            }
            if truths[index] {
                sums[cluster].positives += 1
                sums[cluster].ofPositives += values[index] - means.true
            } else {
                sums[cluster].negatives += 1
                sums[cluster].ofNegatives += values[index] - means.false
            }
        }
        let all = Double(sums.count)
        let withPositives = Double(sums.count { $0.positives > 0 })
        let withNegatives = Double(sums.count { $0.negatives > 0 })
        guard all > 1 else { throw .singleCluster }
        guard withPositives > 1 else { throw .singlePositive }
        guard withNegatives > 1 else { throw .singleNegative }
        let (m, n) = (Double(truths.count { $0 }), Double(truths.count { !$0 }))
        let ofPositives = sums.sum { $0.ofPositives.value * $0.ofPositives.value }
        let ofNegatives = sums.sum { $0.ofNegatives.value * $0.ofNegatives.value }
        let ofBoth = sums.sum { $0.ofPositives.value * $0.ofNegatives.value }
        return withPositives / (withPositives - 1) * ofPositives / (m * m)
            + withNegatives / (withNegatives - 1) * ofNegatives / (n * n)
            + 2 * all / (all - 1) * ofBoth / (m * n)
    }
}
