import Analysis
import Foundation
import LightboxCore
import TestSupport
import Testing
import WireFormats

/// scikit-learn's and numpy's numbers.
struct NoveltyReference: Decodable {
    struct Model: Decodable {
        let shrinkage: Double
        let features, neighbours, leftOut, leftOutNeighbours, statistic, p: [Double]
    }
    let tall, grouped, wide: Model
    let discrepancy, p, procedure: [Double]

    static let numbers: NoveltyReference = {
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: reference("analysis/novelty.json")))
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(NoveltyReference.self, from: data)
        } catch { fatalError("Tests/Reference/analysis/novelty.json: \(error)") }
    }()
}

extension Rows {
    /// Forty rows of sixty columns.
    static let wide: FeatureMatrix = {
        var random = SeededGenerator(seed: 9)
        return FeatureMatrix(rows: 40, columns: 60, values: (0..<2400).map { _ in Float(random.uniform()) })
    }()
}

@Suite("Strange cases") struct NoveltyTests {
    struct Setting: Sendable, CustomTestStringConvertible {
        let name: String
        let training: FeatureMatrix
        let queries: [[Float]]
        let groups: [String?]?
        let neighbour: Int
        let expected: NoveltyReference.Model
        var testDescription: String { name }
    }

    static let settings: [Setting] = {
        let numbers = NoveltyReference.numbers
        let few = Rows.matrix.rows(0..<200)
        return [
            Setting(
                name: "more rows than columns", training: few,
                queries: (200..<220).map { row in Rows.matrix[row].map { row < 210 ? $0 : 1.5 * $0 - 1 } },
                groups: nil, neighbour: 1, expected: numbers.tall),
            Setting(
                name: "groups of three, the fourth neighbour", training: few,
                queries: (200..<220).map { Array(Rows.matrix[$0]) }, groups: (0..<200).map { "p\($0 / 3)" },
                neighbour: 4, expected: numbers.grouped),
            Setting(
                name: "more columns than rows", training: Rows.wide.rows(0..<30),
                queries: (30..<40).map { Rows.wide[$0].map { $0 * $0 } }, groups: (0..<30).map { "p\($0 / 2)" },
                neighbour: 2, expected: numbers.wide),
        ]
    }()

    private func model(_ setting: Setting) throws -> NoveltyModel {
        var options = NoveltyModel.Options()
        options.neighbour = setting.neighbour
        return try NoveltyModel(training: setting.training, groups: setting.groups, options: options)
    }

    @Test("Distances and p-values are those of scikit-learn", arguments: settings)
    func scores(setting: Setting) throws {
        let model = try model(setting)
        let expected = setting.expected
        #expect(abs(model.shrinkage - expected.shrinkage) < 1e-6)
        // Leaving out by formula is leaving out by computing anew.
        #expect(distance(model.leftOut.features, expected.leftOut) < 2e-4)
        #expect(distance(model.leftOut.neighbours, expected.leftOutNeighbours) < 1e-5)
        let scores = try setting.queries.map { try model.score($0) }
        #expect(distance(scores.map(\.features.distance), expected.features) < 1e-3)
        #expect(distance(scores.map(\.neighbours.distance), expected.neighbours) < 1e-5)
        #expect(distance(scores.map(\.statistic), expected.statistic) < 1e-3)
        #expect(distance(scores.map(\.pValue), expected.p) < 1e-12)
        for score in scores {
            #expect(
                abs(
                    score.percentile - 100
                        * (1 - (score.pValue * Double(model.count + 1) - 1) / Double(model.count))) < 1e-9)
            #expect(score.appearance == nil && score.isStrange(rate: 0.05) == (score.pValue <= 0.05))
        }
    }

    /// Cases around three centres, with an appearance of its own.
    private static func cases(_ count: Int, seed: UInt64, shift: Float = 0) -> (FeatureMatrix, FeatureMatrix) {
        var random = SeededGenerator(seed: seed)
        func normal() -> Float { Float((0..<12).reduce(-6.0) { sum, _ in sum + random.uniform() }) }
        var (features, looks): ([Float], [Float]) = ([], [])
        for row in 0..<count {
            features += (0..<24).map { ($0 % 3 == row % 3 ? 4 : 1) + 0.5 * normal() }
            looks += (0..<4).map { _ in 0.1 * normal() + shift }
        }
        return (
            FeatureMatrix(rows: count, columns: 24, values: features),
            FeatureMatrix(rows: count, columns: 4, values: looks)
        )
    }

    @Test("Of cases like those of the training as many are flagged as the rate says, of others nearly all")
    func rates() throws {
        let (features, looks) = Self.cases(400, seed: 1)
        let model = try NoveltyModel(training: features, appearance: looks)
        #expect(model.count == 400 && model.length == 24 && model.appearanceLength == 4 && model.neighbour == 1)
        func flagged(_ cases: (FeatureMatrix, FeatureMatrix), rate: Double, withLook: Bool = true) throws -> Double
        {
            let count = try (0..<cases.0.rows).count { row in
                try model.score(Array(cases.0[row]), appearance: withLook ? Array(cases.1[row]) : nil)
                    .isStrange(rate: rate)
            }
            return Double(count) / Double(cases.0.rows)
        }
        let same = Self.cases(1000, seed: 2)
        // Three standard deviations of a share of 1,000 among p-values of 400 cases.
        #expect(abs(try flagged(same, rate: 0.05) - 0.05) < 0.04)
        #expect(abs(try flagged(same, rate: 0.05, withLook: false) - 0.05) < 0.04)
        #expect(abs(try flagged(same, rate: 0.3) - 0.3) < 0.09)
        // What the features cannot see the appearance shows.
        let brighter = Self.cases(200, seed: 3, shift: 0.5)
        #expect(try flagged(brighter, rate: 0.01) > 0.95)
        #expect(try flagged(brighter, rate: 0.01, withLook: false) < 0.06)
        let others = FeatureMatrix(
            rows: 200, columns: 24, values: Self.cases(200, seed: 4).0.values.map { 3 - $0 })
        #expect(try flagged((others, same.1.rows(0..<200)), rate: 0.01) == 1)
    }

    @Test("Cases of one patient do not vouch for each other") func groups() throws {
        // Every case stands twice.
        let (features, _) = Self.cases(100, seed: 5)
        let doubled = FeatureMatrix(rows: 200, columns: 24, values: (0..<200).flatMap { Array(features[$0 / 2]) })
        let alone = try NoveltyModel(training: doubled)
        let together = try NoveltyModel(training: doubled, groups: (0..<200).map { "p\($0 / 2)" })
        #expect(
            alone.leftOut.neighbours.allSatisfy { $0 < 1e-3 }
                && together.leftOut.neighbours.allSatisfy { $0 > 0.01 }
        )
        let fresh = Self.cases(100, seed: 6).0
        #expect(try (0..<100).count { try alone.score(Array(fresh[$0])).neighbours.pValue < 0.01 } == 100)
        #expect(try (0..<100).count { try together.score(Array(fresh[$0])).neighbours.pValue < 0.01 } < 8)
    }

    @Test("Many cases are thinned evenly, and the components of neighbours are bounded") func limits() throws {
        var options = NoveltyModel.Options()
        (options.maximumCases, options.neighbourComponents) = (50, 3)
        let model = try NoveltyModel(training: Rows.matrix, options: options)
        #expect(model.count == 50)
        // What lies outside the components counts in full: the nearest case is never nearer than it is.
        let near = try model.score(Array(Rows.matrix[0])).neighbours.distance
        #expect(near > 0 && near.isFinite)
    }

    @Test("What cannot be learnt or scored says so") func refusals() throws {
        func code(_ body: () throws -> Void) -> AnalysisError.Code? {
            do { try body() } catch { return (error as? AnalysisError)?.code }
            return nil
        }
        #expect(code { _ = try NoveltyModel(training: Rows.matrix.rows(0..<9)) } == .badInput)
        let equal = FeatureMatrix(rows: 20, columns: 2, values: [Float](repeating: 1, count: 40))
        #expect(code { _ = try NoveltyModel(training: equal) } == .noSolution)
        let groups = (0..<240).map { $0 < 121 ? "one" : "p\($0)" }
        #expect(code { _ = try NoveltyModel(training: Rows.matrix, groups: groups) } == .badInput)
        var broken = Rows.matrix
        broken[17, 3] = .nan
        #expect(code { _ = try NoveltyModel(training: broken) } == .notANumber)
        let model = try NoveltyModel(training: Rows.matrix)
        #expect(code { _ = try model.score([1, 2]) } == .badInput)
        #expect(code { _ = try model.score([Float](repeating: .infinity, count: 12)) } == .notANumber)
        // A vector without a direction is strange, not an error.
        #expect(try model.score([Float](repeating: 0, count: 12)).pValue < 0.01)
    }

    // MARK: File

    @Test("A file gives the same scores to the last bit") func file() throws {
        try withTemporaryFolder { folder in
            let (features, looks) = Self.cases(60, seed: 7)
            var model = try NoveltyModel(training: features, appearance: looks)
            model.notes = ["weights": "abc", "table": "t"]
            try model.write(to: folder + "/novelty.safetensors")
            let read = try NoveltyModel(path: folder + "/novelty.safetensors")
            #expect(read == model)
            let (fresh, look) = Self.cases(5, seed: 8)
            for row in 0..<5 {
                #expect(
                    try read.score(Array(fresh[row]), appearance: Array(look[row]))
                        == model.score(Array(fresh[row]), appearance: Array(look[row])))
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["novelty.safetensors"])
        }
    }

    @Test("Foreign and damaged files are refused, none ends the program") func hostileFiles() throws {
        try withTemporaryFolder { folder in
            let (features, looks) = Self.cases(40, seed: 9)
            let path = folder + "/novelty.safetensors"
            try NoveltyModel(training: features, appearance: looks).write(to: path)
            let whole = try Safetensors(path: path)
            func refused(_ tensors: [SafetensorsTensor], _ metadata: [String: String]? = nil) -> Bool {
                let other = folder + "/other"
                do {
                    try Safetensors.write(tensors, metadata: metadata ?? whole.metadata, to: other)
                    _ = try NoveltyModel(path: other)
                    return false
                } catch { return (error as? RecordError)?.file == other }
            }
            #expect(!refused(whole.tensors))
            #expect(refused(whole.tensors, [:]))
            let note = whole.metadata["lightbox.novelty"]!
            for (from, to) in [
                ("\"version\":1", "\"version\":2"), ("\"cases\":40", "\"cases\":41"),
                ("\"cases\":40", "\"cases\":-1"),
                ("\"neighbour\":1", "\"neighbour\":0"), ("\"neighbour\":1", "\"neighbour\":41"),
                ("\"sphere\":", "\"sphere\":-"), ("\"shrinkage\":", "\"shrinkage\":9"), ("{", "["),
            ] {
                #expect(note.contains(from))
                let changed = note.replacingOccurrences(of: from, with: to)
                #expect(refused(whole.tensors, ["lightbox.novelty": changed]), "\(to)")
            }
            for (place, tensor) in whole.tensors.enumerated() {
                func with(_ other: SafetensorsTensor?) -> [SafetensorsTensor] {
                    whole.tensors.enumerated().compactMap { $0 == place ? other : $1 }
                }
                if tensor.name != "appearance.cases" { #expect(refused(with(nil)), "without \(tensor.name)") }
                let shape = tensor.shape.map { $0 + 1 }
                let longer = SafetensorsTensor(
                    tensor.name, NDArray(shape: shape, values: [Float](repeating: 1, count: shape.reduce(1, *))))
                #expect(refused(with(longer)), "a longer \(tensor.name)")
                let count = tensor.shape.reduce(1, *)
                let none = SafetensorsTensor(
                    tensor.name, NDArray(shape: tensor.shape, values: [Float](repeating: .nan, count: count)))
                #expect(refused(with(none)), "no numbers in \(tensor.name)")
                let integers = SafetensorsTensor(tensor.name, [Int64](repeating: 1, count: count))
                #expect(refused(with(integers)), "integers in \(tensor.name)")
            }
            // Any byte, any length.
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            var random = SeededGenerator(seed: 10)
            for _ in 0..<300 {
                var damaged = bytes
                let place = Int(random.uniform() * (random.uniform() < 0.5 ? 2000 : Double(bytes.count)))
                damaged[place] = UInt8(truncatingIfNeeded: random.next())
                if random.uniform() < 0.3 { damaged.removeLast(Int(random.uniform() * Double(bytes.count))) }
                try AtomicFile.write(damaged, to: folder + "/damaged")
                if let model = try? NoveltyModel(path: folder + "/damaged") {
                    _ = try model.score(
                        Array(features[0]), appearance: model.appearanceLength.map { _ in Array(looks[0]) })
                }
            }
        }
    }
}
