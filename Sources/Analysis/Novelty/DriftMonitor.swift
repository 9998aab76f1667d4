import Foundation

/// Watches a stream of cases, one p-value after the other, and says when they stop looking like those of the training.
///
/// Shiryaev and Roberts' procedure over conformal p-values (Vovk et al. 2021, arXiv:2102.10439): as long as cases come as those
/// of the training did, whatever their distribution, an alarm comes after ``alarmsEvery`` cases in the mean, or later. Each case
/// is ranked among the training cases and all cases before it, so a small number of training cases does not itself become an
/// alarm in the long run.
public struct DriftMonitor: Sendable, Hashable, Codable {
    /// The mean number of cases to a false alarm, at least.
    public let alarmsEvery: Int
    /// Cases so far.
    public private(set) var count = 0
    /// The number of the case that raised the alarm, from 1; nil while there is none. It stays until ``reset()``.
    public private(set) var alarm: Int?
    /// Against it stands ``alarmsEvery``. While nothing drifts, its mean is the number of cases.
    public var statistic: Double { sums.reduce(0, +) / Double(sums.count) }
    public var isAlarming: Bool { alarm != nil }

    /// Training cases among which p-values are ranks.
    private let training: Int
    /// How many cases had each rank so far.
    private var seen: [Int: Int] = [:]
    /// The procedure's sums, one for each power that is bet on.
    private var sums: [Double]

    /// Bets on small p-values: `power · p^(power − 1)`, a density on 0...1.
    private static let powers = [0.1, 0.3, 0.5, 0.7, 0.9]

    /// - Parameter training: ``NoveltyModel/count``.
    public init(training: Int, alarmsEvery: Int = 10_000) {
        precondition(training > 0 && alarmsEvery > 1)
        self.training = training
        self.alarmsEvery = alarmsEvery
        sums = Self.powers.map { _ in 0 }
    }

    /// Takes the next case's ``NoveltyScore/pValue``.
    ///
    /// - Returns: whether there is an alarm.
    @discardableResult
    public mutating func add(pValue: Double) -> Bool {
        let place = (min(max(pValue, 0), 1) * Double(training + 1)).rounded()
        let rank = place >= 1 ? Int(place) : 1  // what is no number at all is as strange as can be
        let before = seen.reduce(0) { $1.key <= rank ? $0 + $1.value : $0 }
        let own = Double(rank + before) / Double(training + count + 1)
        count += 1
        seen[rank, default: 0] += 1
        for (index, power) in Self.powers.enumerated() {
            // A bound keeps the sum a number for as long as a server runs.
            sums[index] = min(1e200, (1 + sums[index]) * power * pow(own, power - 1))
        }
        if alarm == nil && statistic >= Double(alarmsEvery) { alarm = count }
        return isAlarming
    }

    /// Begins anew, as after the reason for an alarm was found.
    public mutating func reset() { self = DriftMonitor(training: training, alarmsEvery: alarmsEvery) }
}
