import LightboxCore
import Serving
import Testing

@Suite("Nearest known cases") struct CaseIndexTests {
    private func vector(_ length: Int, _ random: inout SeededGenerator) -> [Float] {
        (0..<length).map { _ in Float.random(in: -1...1, using: &random) }
    }

    private func cosine(_ a: [Float], _ b: [Float]) -> Double {
        func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
    }

    private func index(_ vectors: [[Float]]) -> CaseIndex {
        var index = CaseIndex(length: vectors[0].count, capacity: vectors.count)
        for (number, vector) in vectors.enumerated() { index.add(.init(id: "\(number)"), vector) }
        return index
    }

    @Test(
        "Finds what a plain computation in Double finds, with one query and with several",
        arguments: [(40, 3), (300, 31), (500, 1280), (2000, 700)])
    func equalsPlainComputation(rows: Int, length: Int) {
        var random = SeededGenerator(seed: UInt64(rows))
        let vectors = (0..<rows).map { _ in vector(length, &random) }
        let queries = (0..<3).map { _ in vector(length, &random) }
        let index = index(vectors)
        let found = index.nearest(to: queries.flatMap { $0 }, count: 7)
        #expect(found.count == 3)
        for (query, matches) in zip(queries, found) {
            let similarities = vectors.map { cosine(query, $0) }
            let expected = similarities.sorted(by: >).prefix(7)
            #expect(matches.count == 7)
            for (match, value) in zip(matches, expected) {
                #expect(abs(Double(match.similarity) - value) < 2e-6)
                #expect(abs(similarities[match.index] - value) < 2e-6)
            }
            #expect(index.nearest(to: query, count: 7) == [matches])
        }
    }

    @Test("Of equally near cases the first added comes first, also where several threads search")
    func ties() {
        let index = index([[Float]](repeating: [1, 2, 2] + [Float](repeating: 0, count: 1021), count: 4000))
        let query: [Float] = [2, 4, 4] + [Float](repeating: 0, count: 1021)
        let matches = index.nearest(to: query, count: 5)[0]
        #expect(matches.map(\.index) == [0, 1, 2, 3, 4])
        #expect(matches.allSatisfy { abs($0.similarity - 1) < 1e-6 })
    }

    @Test("Vectors without a direction are near to nothing")
    func zeroVectors() {
        var index = CaseIndex(length: 2)
        let added0 = index.add(.init(id: "zero"), [0, 0])
        let added1 = index.add(.init(id: "none"), [.nan, 1])
        let added2 = index.add(.init(id: "endless"), [.infinity, 1])
        #expect(!added0 && !added1 && !added2)
        #expect(index.nearest(to: [1, 0], count: 3) == [[]])
        index.add(.init(id: "large", labels: ["a"], path: "p"), [3e38, 3e38])
        index.add(.init(id: "opposite"), [-1e-38, 0])
        let found = index.nearest(to: [1, 0, 0, 0, .nan, 0], count: 3)
        #expect(found.map { $0.map(\.index) } == [[0, 1], [], []])
        #expect(abs(found[0][0].similarity - Float(0.5).squareRoot()) < 1e-6 && found[0][1].similarity == -1)
        #expect(index.case(id: "large") == .init(id: "large", labels: ["a"], path: "p"))
        #expect(index.case(id: "zero") == nil)
    }

    @Test("Gives all cases where more are asked for, and none where none are")
    func counts() {
        let index = index([[0, 1], [1, 0], [1, 1]])
        #expect(index.nearest(to: [1, 0.1], count: 10)[0].map(\.index) == [1, 2, 0])
        #expect(index.nearest(to: [1, 0.1], count: 0) == [[]])
        #expect(index.nearest(to: [], count: 3).isEmpty)
    }
}
