import Foundation

/// Maps values of one axis to a share of its length, with round numbers to write beside it.
struct Scale {
    enum Kind {
        case linear, logarithmic
    }

    struct Tick {
        let value: Double
        let text: String
    }

    let kind: Kind
    let lower: Double
    let upper: Double
    let ticks: [Tick]

    /// From `lower` to `upper` as they are, with about `count` ticks on round numbers between.
    init(from lower: Double, to upper: Double, ticks count: Int = 5, isPercent: Bool = false) {
        self.init(.linear, lower, upper, Self.linearTicks(lower, upper, count, isPercent: isPercent))
    }

    /// Around some values, widened to round numbers.
    ///
    /// - Parameters:
    ///   - includesZero: for bars, whose length is the value.
    ///   - isLogarithmic: falls back to linear where a value is not positive.
    init(around values: [Double], ticks count: Int = 5, includesZero: Bool = false, isLogarithmic: Bool = false) {
        let finite = values.filter(\.isFinite)
        guard let smallest = finite.min(), let largest = finite.max() else {
            self.init(from: 0, to: 1, ticks: count)
            return
        }
        if isLogarithmic, smallest > 0 {
            self.init(logarithmicFrom: smallest, to: largest)
            return
        }
        var (low, high) = includesZero ? (min(0, smallest), max(0, largest)) : (smallest, largest)
        if high - low <= 1e-12 * max(abs(low), abs(high)) {
            // All values alike: room on both sides, or from 0 to 1 when they are 0.
            let margin = low == 0 ? 1 : abs(low) / 2
            (low, high) =
                includesZero || low == 0
                ? (min(0, low), max(high, low == 0 ? 1 : 0)) : (low - margin, high + margin)
        }
        let step = Self.step(high - low, count)
        low = (low / step + 1e-9).rounded(.down) * step
        high = (high / step - 1e-9).rounded(.up) * step
        self.init(.linear, low, high, Self.linearTicks(low, high, count))
    }

    private init(logarithmicFrom smallest: Double, to largest: Double) {
        let low = (log10(smallest) + 1e-9).rounded(.down)
        let high = max(low + 1, (log10(largest) - 1e-9).rounded(.up))
        let every = max(1, ((high - low) / 6).rounded(.up))
        let ticks = stride(from: low, through: high, by: every).map { exponent in
            Tick(value: pow(10, exponent), text: Self.text(pow(10, exponent), step: pow(10, exponent)))
        }
        self.init(.logarithmic, pow(10, low), pow(10, high), ticks)
    }

    private init(_ kind: Kind, _ lower: Double, _ upper: Double, _ ticks: [Tick]) {
        self.kind = kind
        self.lower = lower
        self.upper = upper
        self.ticks = ticks
    }

    /// 0 at the lower end, 1 at the upper one; nil for what the scale cannot show.
    func share(of value: Double) -> Double? {
        guard value.isFinite else { return nil }
        switch kind {
        case .linear: return (value - lower) / (upper - lower)
        case .logarithmic: return value > 0 ? log(value / lower) / log(upper / lower) : nil
        }
    }

    /// 1, 2, 2.5 or 5 times a power of ten, so that about `count` of it make the range.
    private static func step(_ range: Double, _ count: Int) -> Double {
        let raw = range / Double(max(1, count))
        let power = pow(10, log10(raw).rounded(.down))
        return ([1, 2, 2.5, 5].first { $0 * power >= raw * (1 - 1e-9) } ?? 10) * power
    }

    private static func linearTicks(_ low: Double, _ high: Double, _ count: Int, isPercent: Bool = false) -> [Tick]
    {
        guard high > low else { return [] }
        let step = step(high - low, count)
        let first = Int((low / step - 1e-9).rounded(.up))
        let last = Int((high / step + 1e-9).rounded(.down))
        guard first <= last, last - first < 100 else { return [] }
        return (first...last).map { index in
            let value = Double(index) * step
            return Tick(
                value: value,
                text: isPercent ? text(100 * value, step: 100 * step) + " %" : text(value, step: step))
        }
    }

    /// As many digits as the step between ticks needs; 12k for 12,000, 1e-5 for what is smaller still.
    private static func text(_ value: Double, step: Double) -> String {
        guard value != 0 else { return "0" }
        if step >= 1000 {
            let (unit, letter) = step >= 1e6 ? (1e6, "M") : (1e3, "k")
            guard abs(value) / unit < 1e4 else { return Number.scientific(value) }
            return Number.decimal(value / unit, digits: digits(step / unit)) + letter
        }
        guard step >= 1e-4 else { return Number.scientific(value) }
        return Number.decimal(value, digits: digits(step))
    }

    /// Behind the point.
    private static func digits(_ step: Double) -> Int {
        (0...4).first { digits in
            let scaled = step * pow(10, Double(digits))
            return abs(scaled - scaled.rounded()) < 1e-6
        } ?? 4
    }
}
