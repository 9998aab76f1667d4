import Foundation
public import LightboxCore

extension NoveltyModel {
    /// Learns the training cases.
    ///
    /// The same cases in the same order give the same model on the same machine.
    ///
    /// - Parameters:
    ///   - training: a row of features for each case, ``minimumCases`` at least.
    ///   - look: a row of appearance for each case, in the same order; nil for none.
    ///   - groups: of each case, as its patient; cases of one group are left out together. nil: each is its own.
    /// - Throws: ``AnalysisError``.
    public init(
        training: FeatureMatrix, appearance look: FeatureMatrix? = nil, groups: [String?]? = nil,
        options: Options = Options(), progress: ProgressHandler? = nil
    ) throws {
        precondition(look.map { $0.rows == training.rows } ?? true)
        precondition(groups.map { $0.count == training.rows } ?? true)
        guard training.rows >= Self.minimumCases else {
            throw AnalysisError(
                .badInput, "training cases",
                "There are \(training.rows); \(Self.minimumCases) are the least, hundreds are of use.")
        }
        try training.checkFinite()
        try look?.checkFinite()
        let cases = max(Self.minimumCases, min(training.rows, options.maximumCases))
        let picked = (0..<cases).map { $0 * training.rows / cases }
        let together = Self.together(picked.map { groups?[$0] })
        guard together.allSatisfy({ $0.count <= cases / 2 }) else {
            throw AnalysisError(
                .badInput, "training cases",
                "More than half are of one group, and what is left says too little. Take cases of more patients.")
        }

        progress?(ProgressUpdate(stage: "covariance", completed: 0, total: nil))
        let units = FeatureMatrix(
            rows: cases, columns: training.columns, values: picked.flatMap { Self.unit(training[$0]) })
        let covariance = try ShrunkCovariance(of: units)
        self.covariance = covariance
        let places = (0..<cases).map { covariance.place(Array(units[$0])) }
        let along = FeatureMatrix(
            rows: cases, columns: covariance.components.rows, values: places.flatMap(\.coordinates))
        let columns = max(1, min(along.columns, options.neighbourComponents))
        let rank = max(1, min(options.neighbour ?? min(10, (cases + 999) / 1000), cases / 2))
        let neighbours = NeighbourDistance(
            rows: FeatureMatrix(
                rows: cases, columns: columns, values: places.flatMap { $0.coordinates[..<columns] }), rank: rank)
        self.neighbours = neighbours
        let appearance = look.map { Appearance($0.rows(picked), rank: rank) }
        self.appearance = appearance

        let outside = places.map { place in place.coordinates[columns...].reduce(place.outside) { $0 + $1 * $1 } }
        let none = [Float](repeating: 0, count: cases)
        scales = Scales(
            LeftOut(
                features: try covariance.distancesLeavingOut(together, of: along),
                neighbours: neighbours.distancesLeavingOut(together, outside: outside) { done in
                    progress?(ProgressUpdate(stage: "neighbours", completed: done, total: cases))
                },
                appearance: appearance.map { $0.neighbours.distancesLeavingOut(together, outside: none) }))
    }

    /// The rows of each group, in the order of the first of them; a row without a group is its own.
    static func together(_ groups: [String??]) -> [[Int]] {
        var places: [String: Int] = [:]
        var together: [[Int]] = []
        for (row, group) in groups.enumerated() {
            if let name = group ?? nil, let place = places[name] {
                together[place].append(row)
            } else {
                if let name = group ?? nil { places[name] = together.count }
                together.append([row])
            }
        }
        return together
    }
}

extension NoveltyModel.Appearance {
    init(_ matrix: FeatureMatrix, rank: Int) {
        let means = matrix.means
        var squares = [Double](repeating: 0, count: matrix.columns)
        matrix.inBlocks(less: means) { _, rows, block in
            for index in 0..<(rows * matrix.columns) {
                squares[index % matrix.columns] += block[index] * block[index]
            }
        }
        let centre = means.map(Float.init)
        let deviations = squares.enumerated().map { column, sum in
            let deviation = (sum / Double(matrix.rows)).squareRoot()
            return deviation > 1e-7 * max(1, abs(means[column])) ? Float(deviation) : 1
        }
        let scaled = (0..<matrix.rows).flatMap { row in
            zip(matrix[row], zip(centre, deviations)).map { ($0 - $1.0) / $1.1 }
        }
        self.init(
            centre: centre, deviations: deviations,
            neighbours: NeighbourDistance(
                rows: FeatureMatrix(rows: matrix.rows, columns: matrix.columns, values: scaled), rank: rank))
    }
}
