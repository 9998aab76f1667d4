import Analysis
import Foundation
import LightboxCore
import Testing

@Suite("Drift") struct DriftTests {
    private static func normal(_ random: inout SeededGenerator) -> Float {
        Float((0..<12).reduce(-6.0) { sum, _ in sum + random.uniform() })
    }

    /// Rows of eight columns around (2, 2 ...), the first of which is `shift` away.
    private static func rows(_ count: Int, _ random: inout SeededGenerator, shift: Float = 0) -> FeatureMatrix {
        FeatureMatrix(
            rows: count, columns: 8,
            values: (0..<(8 * count)).map { 2 + normal(&random) + ($0 % 8 == 0 ? shift : 0) })
    }

    // MARK: Windows

    @Test("The discrepancy is numpy's") func discrepancy() throws {
        let test = try DriftTest(training: Rows.matrix.rows(0..<200))
        let window = Rows.matrix.rows(200..<240)
        var other = window
        other.values = other.values.map { $0 * $0 }
        let found = [try test.test(window), try test.test(other)]
        #expect(distance(found.map(\.discrepancy), NoveltyReference.numbers.discrepancy) < 1e-5)
        #expect(found[0].pValue > 0.01 && found[1].pValue == 0.001 && found[1].discrepancy > found[1].level)
        #expect(try test.test(window) == found[0])
    }

    @Test("False alarms are as rare as the rate says; a plain shift is seen in twenty cases") func rates() throws {
        var random = SeededGenerator(seed: 3)
        var alarms = [0, 0]
        for round in 0..<200 {
            // A training set of its own each time, which the guarantee is over.
            var test = try DriftTest(training: Self.rows(60, &random))
            (test.permutations, test.seed) = (199, UInt64(round))
            let pValue = try test.test(Self.rows(20, &random)).pValue
            for (index, rate) in [0.05, 0.2].enumerated() where pValue <= rate { alarms[index] += 1 }
        }
        // Of 200: 10 and 40, three standard deviations are 9 and 17.
        #expect((1...19).contains(alarms[0]) && (23...57).contains(alarms[1]), "\(alarms)")
        let test = try DriftTest(training: Self.rows(200, &random))
        let seen = try (0..<20).count { _ in try test.test(Self.rows(20, &random, shift: 2)).pValue <= 0.01 }
        #expect(seen >= 18)
    }

    @Test("The appearance shows what the features do not") func appearance() throws {
        var random = SeededGenerator(seed: 4)
        let test = try DriftTest(
            training: Self.rows(100, &random), appearance: Self.rows(100, &random), groups: nil)
        let features = Self.rows(30, &random)
        #expect(try test.test(features, appearance: Self.rows(30, &random)).pValue > 0.01)
        #expect(try test.test(features, appearance: Self.rows(30, &random, shift: 1.5)).pValue <= 0.01)
        #expect(throws: AnalysisError.self) { try test.test(features) }
        #expect(throws: AnalysisError.self) { try test.test(Rows.matrix, appearance: Rows.matrix) }
        #expect(throws: AnalysisError.self) {
            try test.test(features.rows(0..<1), appearance: features.rows(0..<1))
        }
        #expect(throws: AnalysisError.self) { try DriftTest(training: features.rows(0..<9)) }
    }

    @Test("Many images of few patients are no evidence of drift") func groups() throws {
        var random = SeededGenerator(seed: 5)
        var alarms = (together: 0, alone: 0)
        /// Each patient's images are all but equal.
        func patients(_ count: Int, _ name: String) -> (FeatureMatrix, [String?]) {
            let own = Self.rows(count, &random)
            let values = (0..<(5 * count)).flatMap { row in own[row / 5].map { $0 + 0.05 * Self.normal(&random) } }
            return (
                FeatureMatrix(rows: 5 * count, columns: 8, values: values),
                (0..<(5 * count)).map { "\(name)\($0 / 5)" }
            )
        }
        for round in 0..<60 {
            let (training, window) = (patients(20, "t"), patients(6, "w"))
            var test = try DriftTest(training: training.0, groups: training.1)
            (test.permutations, test.seed) = (99, UInt64(round))
            if try test.test(window.0, groups: window.1).pValue <= 0.05 { alarms.together += 1 }
            var alone = try DriftTest(training: training.0)
            (alone.permutations, alone.seed) = (99, UInt64(round))
            if try alone.test(window.0).pValue <= 0.05 { alarms.alone += 1 }
        }
        #expect(alarms.together <= 8 && alarms.alone > 25, "\(alarms)")
    }

    // MARK: One case after the other

    @Test("The sums are numpy's") func procedure() throws {
        let numbers = NoveltyReference.numbers
        var monitor = DriftMonitor(training: 100, alarmsEvery: 1000)
        for (pValue, expected) in zip(numbers.p, numbers.procedure) {
            monitor.add(pValue: pValue)
            #expect(abs(monitor.statistic / expected - 1) < 1e-9)
        }
        let alarm = numbers.procedure.firstIndex { $0 >= 1000 }.map { $0 + 1 }
        #expect(monitor.alarm == alarm && monitor.count == 60)
    }

    /// Cases to the alarm of a stream of scores, of which from `start` on are `shift` stranger.
    private func delay(
        training: Int, alarmsEvery: Int, most: Int, _ random: inout SeededGenerator, shift: Float, start: Int
    ) -> Int {
        let known = (0..<training).map { _ in Self.normal(&random) }.sorted()
        var monitor = DriftMonitor(training: training, alarmsEvery: alarmsEvery)
        while monitor.count < most {
            let score = Self.normal(&random) + (monitor.count >= start ? shift : 0)
            var low = 0
            var high = training
            while low < high {
                let middle = (low + high) / 2
                if known[middle] < score { low = middle + 1 } else { high = middle }
            }
            if monitor.add(pValue: Double(1 + training - low) / Double(training + 1)) { break }
        }
        return monitor.count
    }

    @Test("False alarms come no more often than promised, though training cases are few", arguments: [50, 400])
    func falseAlarms(training: Int) {
        var random = SeededGenerator(seed: 6)
        let delays = (0..<60).map { _ in
            delay(training: training, alarmsEvery: 500, most: 4000, &random, shift: 0, start: .max)
        }
        // Cut off at 4,000, so the true mean is larger still.
        #expect(Double(delays.reduce(0, +)) / 60 >= 500, "\(delays.sorted())")
    }

    @Test("A shift of one and a half standard deviations is noticed within sixty cases") func delays() {
        var random = SeededGenerator(seed: 7)
        let found = (0..<40).map { _ in
            delay(training: 200, alarmsEvery: 10_000, most: 1000, &random, shift: 1.5, start: 200)
        }.sorted()
        #expect(found[20] > 200 && found[20] < 260, "\(found)")
    }

    @Test("A monitor goes on where it was saved, and begins anew when told") func state() throws {
        var random = SeededGenerator(seed: 8)
        var monitor = DriftMonitor(training: 99, alarmsEvery: 50)
        for _ in 0..<30 { monitor.add(pValue: Double(1 + Int(random.uniform() * 100)) / 100) }
        var read = try JSONDecoder().decode(DriftMonitor.self, from: JSONEncoder().encode(monitor))
        #expect(read == monitor)
        for _ in 0..<20 {
            monitor.add(pValue: 0.01)
            read.add(pValue: 0.01)
        }
        #expect(read == monitor && read.isAlarming)
        // An alarm stays while the cases are fine again.
        for _ in 0..<200 { monitor.add(pValue: 1) }
        #expect(monitor.alarm == read.alarm)
        monitor.reset()
        #expect(monitor == DriftMonitor(training: 99, alarmsEvery: 50) && !monitor.isAlarming)
        // Whatever a caller gives, there is a rank.
        for odd in [0, -1, 2, 1e300, Double.nan, -Double.infinity] { monitor.add(pValue: odd) }
        #expect(monitor.statistic.isFinite && monitor.count == 6)
    }
}
