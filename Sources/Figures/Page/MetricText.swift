package import Evaluation

/// Metrics as a table writes them.
package enum MetricText {
    package static func value(_ metric: Metric) -> String {
        metric.value.map { Number.decimal($0, digits: 3) } ?? "–"
    }

    package static func interval(_ metric: Metric) -> String { metric.interval.map(range) ?? "–" }

    package static func range(_ interval: Interval) -> String {
        "\(Number.decimal(interval.lower, digits: 3)) to \(Number.decimal(interval.upper, digits: 3))"
    }

    /// `0.912 (0.890–0.934)`.
    package static func both(_ metric: Metric) -> String {
        guard let interval = metric.interval else { return value(metric) }
        let ends = [interval.lower, interval.upper].map { Number.decimal($0, digits: 3) }
        return "\(value(metric)) (\(ends.joined(separator: "–")))"
    }

    package static func card(_ name: String, _ metric: Metric) -> HTMLPage.Card {
        if let reason = metric.undefined { return HTMLPage.Card(name, "–", note: "not defined: \(reason)") }
        return HTMLPage.Card(name, value(metric), note: metric.interval.map(range) ?? "")
    }

    package static func pValue(_ value: Double) -> String {
        value < 0.001 ? "< 0.001" : Number.decimal(value, digits: 3)
    }
}
