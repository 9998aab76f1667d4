import Analysis
import Foundation
import LightboxCore
import TestSupport

/// Rows by formula, the same as Tests/Reference/analysis/make_reference.py makes.
enum Rows {
    static let columns = 12
    static let classes = 4

    private static func uniform(_ seed: UInt64, _ count: Int) -> [Double] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in generator.uniform() }
    }

    /// Class after class in turn.
    static let matrix: FeatureMatrix = {
        let centres = uniform(7, classes * columns)
        let noise = uniform(8, 240 * columns)
        let values = noise.indices.map { index in
            Float(2 * centres[index / columns % classes * columns + index % columns] + 3 * noise[index])
        }
        return FeatureMatrix(rows: 240, columns: columns, values: values)
    }()

    static let labels = (0..<240).map { $0 % classes }
    /// The last class is rare: most of its rows are of the one before.
    static let uneven = labels.enumerated().map { $1 == 3 && $0 % 8 != 3 ? 2 : $1 }
}

/// scikit-learn's and umap-learn's numbers.
struct Reference: Decodable {
    struct Components: Decodable {
        let variance, ratio, projected: [Double]
    }
    struct Mixture: Decodable {
        let full, diag: Double
    }
    struct Map: Decodable {
        let trustworthiness: Double
        let divergence: Double?
        let curves: [[Double]]?
    }
    struct Regression: Decodable {
        let objective: Double
        let probabilities: [Double]
    }
    struct Machine: Decodable {
        let decisions: [Double]
        let vectors: Int
    }
    struct Agreement: Decodable {
        let rand, information: Double
    }

    let first: [Float]
    let pca, pcaFew: Components
    let kmeans: Double
    let gmm: Mixture
    let tsne, umap: Map
    let logistic, logisticBalanced: Regression
    let svm, svmLinear: Machine
    let svmRare: [Double]
    let mlp: Double
    let agreement: Agreement

    static let numbers: Reference = {
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: reference("analysis/reference.json")))
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(Reference.self, from: data)
        } catch { fatalError("Tests/Reference/analysis/reference.json: \(error)") }
    }()
}

/// How far the numbers of two lists are apart at most; infinite for lists of different lengths.
func distance(_ a: [Double], _ b: [Double]) -> Double {
    a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
}

/// How far neighbours on the map were neighbours before, as scikit-learn's `trustworthiness` (Venna and Kaski 2001).
func trustworthiness(_ matrix: FeatureMatrix, _ map: FeatureMatrix, neighbours: Int = 5) throws -> Double {
    let (before, after) = (
        try NearestNeighbours(of: matrix, count: matrix.rows - 1),
        try NearestNeighbours(of: map, count: neighbours)
    )
    var sum = 0.0
    for row in 0..<matrix.rows {
        let ranks = Dictionary(
            uniqueKeysWithValues: (0..<before.count).map { (before.indices[row * before.count + $0], $0 + 1) })
        for place in 0..<neighbours {
            sum += Double(max(0, ranks[after.indices[row * neighbours + place]]! - neighbours))
        }
    }
    let (n, k) = (Double(matrix.rows), Double(neighbours))
    return 1 - sum * 2 / (n * k * (2 * n - 3 * k - 1))
}
