import Foundation

/// What the training cases of a model look like, so that a new case can be held against them.
///
/// A case is a vector of features (a network's, before its classifier) and, where it is known, a vector of the picture's
/// appearance. The features, brought to length 1, are measured by Mahalanobis' distance with a shrunk covariance (Lee et al.
/// 2018, arXiv:1807.03888; Ledoit and Wolf 2004) and by the distance to the k-th nearest training case (Sun et al. 2022,
/// arXiv:2204.06507); the appearance, each number with the variance 1, by the latter. Each distance's logarithm is
/// standardised by what the training cases show when they are left out of the training one group at a time. The score is
/// `√(max(f, 0)² + max(a, 0)²)` for the mean `f` of the features' two and the appearance's `a`, and the p-value its rank among
/// the scores of those left-out cases.
/// ```swift
/// let model = try NoveltyModel(training: vectors, appearance: appearances, groups: patients)
/// let score = try model.score(vector, appearance: appearance)
/// if score.isStrange(rate: 0.01) { print("stranger than \(score.percentile) % of the training cases") }
/// ```
public struct NoveltyModel: Sendable, Hashable {
    /// How a model is made.
    public struct Options: Sendable, Hashable, Codable {
        /// The neighbour whose distance counts; nil for the first of up to 1,000 training cases, the second of up to 2,000 …
        /// and the tenth.
        public var neighbour: Int?
        /// Of more training cases, so many are taken, evenly.
        public var maximumCases = 10_000
        /// Neighbours are sought along so many principal components.
        public var neighbourComponents = 256

        public init() {}
    }

    let covariance: ShrunkCovariance
    let neighbours: NeighbourDistance
    let appearance: Appearance?
    let scales: Scales
    /// Facts that whoever made it wants kept with it: the model's name, the hash of its weights.
    public var notes: [String: String] = [:]

    /// Training cases that it holds cases against.
    public var count: Int { covariance.count }
    /// Numbers in a vector of features.
    public var length: Int { covariance.centre.count }
    /// Numbers in a vector of appearance; nil where it knows none.
    public var appearanceLength: Int? { appearance?.centre.count }
    /// The neighbour whose distance counts.
    public var neighbour: Int { neighbours.rank }
    /// The sphere's share of the covariance.
    package var shrinkage: Double { covariance.shrinkage }
    /// The distances of the training cases, each left out with its group, in their order.
    package var leftOut: (features: [Double], neighbours: [Double], appearance: [Double]?) {
        (scales.distances.features, scales.distances.neighbours, scales.distances.appearance)
    }

    /// The least number of training cases.
    public static let minimumCases = 10

    /// The appearance of the training cases.
    struct Appearance: Sendable, Hashable {
        let centre: [Float]
        /// Standard deviations; 1 for a number that is always the same.
        let deviations: [Float]
        let neighbours: NeighbourDistance

        func scaled(_ vector: ArraySlice<Float>) -> [Float] {
            zip(vector, zip(centre, deviations)).map { ($0 - $1.0) / $1.1 }
        }
    }

    /// What the left-out training cases measure.
    struct Scales: Sendable, Hashable {
        /// In the order of the cases.
        let distances: LeftOut
        /// Logarithms of distances.
        let features, neighbours: ConformalCalibration
        let appearance: ConformalCalibration?
        /// Of the mean of the features' two.
        let both: ConformalCalibration
        /// Of the score.
        let joint: ConformalCalibration?
    }

    /// The distances of the training cases, each left out with its group.
    struct LeftOut: Sendable, Hashable {
        let features, neighbours: [Double]
        let appearance: [Double]?
    }

    init(covariance: ShrunkCovariance, neighbours: NeighbourDistance, appearance: Appearance?, scales: Scales) {
        self.covariance = covariance
        self.neighbours = neighbours
        self.appearance = appearance
        self.scales = scales
    }

    // MARK: Score

    /// Holds a case against the training cases.
    ///
    /// It computes on the calling thread: for 10,000 training cases of 1,280 numbers about 1 ms.
    ///
    /// - Parameters:
    ///   - vector: ``length`` numbers.
    ///   - appearance: ``appearanceLength`` numbers; nil, or a model without any: the features decide alone.
    /// - Throws: ``AnalysisError`` for another length and for numbers that are not finite.
    public func score(_ vector: [Float], appearance look: [Float]? = nil) throws -> NoveltyScore {
        try Self.check(vector, length, "vector")
        let place = covariance.place(Self.unit(vector[...]))
        let features = covariance.distance(place)
        let near = neighbours.distance(
            Array(place.coordinates[..<neighbours.rows.columns]), outside: outside(place))
        let both = scales.featureScore(features, near)
        var signal: NoveltyScore.Signal?
        var (statistic, scale) = (both, scales.both)
        if let look, let appearance, let own = scales.appearance, let joint = scales.joint {
            try Self.check(look, appearance.centre.count, "appearance")
            let distance = appearance.neighbours.distance(appearance.scaled(look[...]))
            signal = .init(distance: distance, pValue: own.pValue(Scales.logarithm(distance)))
            (statistic, scale) = (scales.jointScore(both, distance), joint)
        }
        return NoveltyScore(
            statistic: statistic, pValue: scale.pValue(statistic), percentile: scale.percentile(statistic),
            features: .init(distance: features, pValue: scales.features.pValue(Scales.logarithm(features))),
            neighbours: .init(distance: near, pValue: scales.neighbours.pValue(Scales.logarithm(near))),
            appearance: signal)
    }

    /// The square of what lies outside the components along which neighbours are sought.
    private func outside(_ place: (coordinates: [Float], outside: Float)) -> Float {
        place.coordinates[neighbours.rows.columns...].reduce(place.outside) { $0 + $1 * $1 }
    }

    static func unit(_ vector: ArraySlice<Float>) -> [Float] {
        let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return length > 0 ? vector.map { Float(Double($0) / length) } : Array(vector)
    }

    private static func check(_ vector: [Float], _ length: Int, _ name: String) throws {
        guard vector.count == length else {
            throw AnalysisError(
                .badInput, name,
                "It has \(vector.count) numbers, the training cases have \(length). Take the same network for both."
            )
        }
        guard vector.allSatisfy(\.isFinite) else {
            throw AnalysisError(.notANumber, name, "Make the vector anew.")
        }
    }
}

extension NoveltyModel.Scales {
    /// A distance of 0 has none.
    static func logarithm(_ distance: Double) -> Double { log(max(distance, 1e-12)) }

    init(_ distances: NoveltyModel.LeftOut) {
        self.distances = distances
        let features = ConformalCalibration(distances.features.map(Self.logarithm))
        let neighbours = ConformalCalibration(distances.neighbours.map(Self.logarithm))
        (self.features, self.neighbours) = (features, neighbours)
        let means = zip(distances.features, distances.neighbours).map { Self.mean(features, $0, neighbours, $1) }
        let both = ConformalCalibration(means)
        self.both = both
        guard let appearance = distances.appearance else {
            (self.appearance, joint) = (nil, nil)
            return
        }
        let own = ConformalCalibration(appearance.map(Self.logarithm))
        self.appearance = own
        joint = ConformalCalibration(
            zip(means, appearance).map {
                Self.joined(both.standardised($0), own.standardised(Self.logarithm($1)))
            })
    }

    private static func mean(
        _ features: ConformalCalibration, _ distance: Double, _ neighbours: ConformalCalibration, _ near: Double
    ) -> Double {
        (features.standardised(logarithm(distance)) + neighbours.standardised(logarithm(near))) / 2
    }

    func featureScore(_ distance: Double, _ near: Double) -> Double {
        Self.mean(features, distance, neighbours, near)
    }

    /// - Precondition: there is an appearance.
    func jointScore(_ both: Double, _ look: Double) -> Double {
        Self.joined(self.both.standardised(both), appearance!.standardised(Self.logarithm(look)))
    }

    /// Continuous and rising in both.
    static func joined(_ a: Double, _ b: Double) -> Double {
        let (x, y) = (max(a, 0), max(b, 0))
        return x > 0 || y > 0 ? (x * x + y * y).squareRoot() : max(a, b)
    }
}
