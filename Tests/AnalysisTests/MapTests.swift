import Analysis
import Foundation
import LightboxCore
import Testing

@Suite("Maps of vectors") struct MapTests {
    private let numbers = Reference.numbers

    @Test("The rows are those of the reference") func rows() { #expect(Array(Rows.matrix[0]) == numbers.first) }

    @Test("Principal components are scikit-learn's, with more rows than columns and with fewer")
    func components() throws {
        for (rows, expected) in [(240, numbers.pca), (8, numbers.pcaFew)] {
            let found = try PrincipalComponents(of: Rows.matrix.rows(0..<rows), count: 5)
            #expect(distance(found.explainedVariance, expected.variance) < 1e-9)
            #expect(distance(found.explainedVarianceRatio, expected.ratio) < 1e-12)
            let projected = try found.project(Rows.matrix).values.map { abs(Double($0)) }
            #expect(distance(projected, expected.projected) < 1e-5)
        }
    }

    @Test("Whitened components have the variance 1, and signs are fixed") func whitened() throws {
        let found = try PrincipalComponents(of: Rows.matrix, count: 3)
        let projected = try found.project(Rows.matrix, whitened: true)
        for component in 0..<3 {
            let values = (0..<240).map { Double(projected[$0, component]) }
            let mean = values.reduce(0, +) / 240
            #expect(abs(mean) < 1e-6)
            #expect(abs(values.reduce(0) { $0 + $1 * $1 } / 239 - 1) < 1e-5)
            #expect(found.components[component].max { abs($0) < abs($1) }! > 0)
        }
    }

    @Test("Neighbours are those of every pair, nearest first") func neighbours() throws {
        let found = try NearestNeighbours(of: Rows.matrix, count: 7)
        for row in 0..<240 {
            let all = (0..<240).filter { $0 != row }.map { other in
                (zip(Rows.matrix[row], Rows.matrix[other]).reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) }, other)
            }.sorted { $0 < $1 }
            #expect(found.indices[(row * 7)..<(row * 7 + 7)].map(Int.init) == all.prefix(7).map(\.1))
            let distances = found.distances[(row * 7)..<(row * 7 + 7)].map(Double.init)
            #expect(distance(distances, all.prefix(7).map { $0.0.squareRoot() }) < 1e-5)
        }
    }

    @Test("t-SNE is as good as scikit-learn's, and the same every time") func tsne() throws {
        var tsne = TSNE()
        tsne.perplexity = 20
        let map = try tsne.map(Rows.matrix)
        #expect(map.divergence < numbers.tsne.divergence! * 1.05)
        #expect(try trustworthiness(Rows.matrix, map.points) > numbers.tsne.trustworthiness - 0.01)
        #expect(try tsne.map(Rows.matrix).points == map.points)
    }

    @Test("Cells give the forces that all pairs give, the wider their angle the less exactly")
    func cells() {
        let points = (0..<480).map { Double(Rows.matrix.values[$0 * 3 % 2880]) }
        let tree = CellTree(points)
        for (angle, tolerance) in [(Float(0), 1e-5), (0.2, 0.01), (0.5, 0.06)] {
            for row in 0..<240 {
                var (sum, x, y) = (0.0, 0.0, 0.0)
                for other in 0..<240 where other != row {
                    let (dx, dy) = (
                        points[2 * row] - points[2 * other], points[2 * row + 1] - points[2 * other + 1]
                    )
                    let weight = 1 / (1 + dx * dx + dy * dy)
                    (sum, x, y) = (sum + weight, x + weight * weight * dx, y + weight * weight * dy)
                }
                let found = tree.push(x: Float(points[2 * row]), y: Float(points[2 * row + 1]), angle: angle)
                #expect(abs(found.sum / sum - 1) < tolerance)
                #expect(hypot(found.x - x, found.y - y) < tolerance * sum)
            }
        }
    }

    @Test("UMAP is as good as umap-learn's, and the same for the same seed") func umap() throws {
        let map = try UMAP().map(Rows.matrix)
        #expect(try trustworthiness(Rows.matrix, map) > numbers.umap.trustworthiness - 0.01)
        #expect(try UMAP().map(Rows.matrix) == map)
        var other = UMAP()
        other.seed = 1
        #expect(try other.map(Rows.matrix) != map)
    }

    @Test("The curve of distances is umap-learn's") func curve() {
        for numbers in numbers.umap.curves! {
            let curve = Curve(minimumDistance: numbers[0], spread: 1)
            #expect(distance([curve.a, curve.b], Array(numbers[1...])) < 2e-3)
        }
    }

    @Test("Equal rows, and rows on a line, have a map, too") func degenerate() throws {
        for columns in [1, 3] {
            for step in [Float(0), 1] {
                let matrix = FeatureMatrix(
                    rows: 40, columns: columns,
                    values: (0..<(40 * columns)).map { step * Float($0 / columns) })
                var tsne = TSNE()
                (tsne.perplexity, tsne.iterations) = (5, 50)
                #expect(try tsne.map(matrix).points.values.allSatisfy(\.isFinite))
                var umap = UMAP()
                umap.epochs = 20
                #expect(try umap.map(matrix).values.allSatisfy(\.isFinite))
                #expect(try PrincipalComponents(of: matrix, count: 1).explainedVariance[0].isFinite)
            }
        }
    }

    @Test("What has no map is refused, and a number that is none by its place") func refused() {
        func code(_ body: () throws -> Void) -> AnalysisError? {
            do { try body() } catch { return error as? AnalysisError }
            return nil
        }
        #expect(code { _ = try TSNE().map(Rows.matrix.rows(0..<80)) }?.code == .badInput)
        #expect(code { _ = try UMAP().map(Rows.matrix.rows(0..<10)) }?.code == .badInput)
        #expect(code { _ = try PrincipalComponents(of: Rows.matrix, count: 13) }?.code == .badInput)
        var broken = Rows.matrix
        broken[17, 3] = .nan
        let error = code { _ = try PrincipalComponents(of: broken, count: 2) }
        #expect(error?.code == .notANumber && error!.description.contains("row 18, column 4"))
        #expect(throws: CancellationError.self) { try TSNE().map(Rows.matrix, isCancelled: { true }) }
        #expect(throws: CancellationError.self) { try UMAP().map(Rows.matrix, isCancelled: { true }) }
    }
}
