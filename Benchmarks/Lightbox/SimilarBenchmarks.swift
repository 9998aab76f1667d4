import Foundation
import LightboxCore
import Serving

/// The most alike of many vectors, exactly.
enum SimilarBenchmarks {
    /// Vectors as a network's features are: none below 0, most of them small, in groups.
    static func run(count: Int, length: Int) throws {
        var random = SeededGenerator(seed: 1)
        func features() -> [Float] { (0..<length).map { _ in -Float(log(1 - random.uniform())) } }
        let groups = (0..<50).map { _ in features() }
        func like(_ number: Int) -> [Float] {
            zip(groups[number % groups.count], features()).map { 0.7 * $0 + 0.3 * $1 }
        }
        var index = CaseIndex(length: length, capacity: count)
        for number in 0..<count { index.add(.init(id: "\(number)"), like(number)) }
        let queries = (0..<40).map(like)
        var times: [Double] = []
        for query in queries { times.append(seconds { _ = index.nearest(to: query, count: 10) }) }
        times.sort()
        report("ten nearest", 1000 * times[times.count / 2], "ms")
        report("ten nearest, the slowest", 1000 * times[times.count - 1], "ms")
        report(
            "ten nearest, many at once",
            1000 * best { _ = index.nearest(to: queries.flatMap { $0 }, count: 10) } / 40, "ms")
        report("ten nearest, peak memory", try peakMegabytes(), "MB")
    }
}
