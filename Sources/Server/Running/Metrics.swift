import AnswerCards
import Foundation
import HTTPTypes
import Serving
import Synchronization

/// Counts of what was answered, in the text form that Prometheus reads.
final class Metrics: Sendable {
    /// Upper ends of the histogram, in seconds.
    private static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    private final class Meter: Sendable {
        struct Counts {
            var byStatus: [Int: Int] = [:]
            var buckets = [Int](repeating: 0, count: Metrics.bounds.count + 1)
            var seconds = 0.0
        }

        let counts = Mutex(Counts())
    }

    /// One for each route, and at the end one for what has none.
    private let meters = (0...Metrics.maximumRoutes).map { _ in Meter() }
    static let maximumRoutes = 511
    private let inFlight = Atomic<Int>(0)
    private let start = ContinuousClock.now

    /// Requests under way.
    var requests: Int { inFlight.load(ordering: .relaxed) }

    /// - Returns: requests under way, with this one.
    func begin() -> Int { inFlight.add(1, ordering: .relaxed).newValue }

    /// - Parameter route: its index; nil for a request that has none.
    func end(_ route: Int?, status: Int, _ duration: Duration) {
        inFlight.subtract(1, ordering: .relaxed)
        let seconds = duration / .seconds(1)
        let bucket = Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count
        meters[route ?? Self.maximumRoutes].counts.withLock { counts in
            counts.byStatus[status, default: 0] += 1
            counts.buckets[bucket] += 1
            counts.seconds += seconds
        }
    }

    /// - Parameters:
    ///   - routes: the table, in its order.
    ///   - models: those in memory.
    ///   - drifts: of models whose images are watched.
    func text(
        _ routes: [Route], models: [ModelPool.Status], budget: Int, jobs: [String: Int],
        drifts: [(key: ModelPool.Key, drift: AnswerCard.Drift)]
    ) -> String {
        var page = Page()
        let all = meters.enumerated().map { index, meter in
            (labels: label(index, routes), counts: meter.counts.withLock { $0 })
        }.filter { !$0.counts.byStatus.isEmpty }
        page.begin("lightbox_requests_total", "counter", "Requests answered.")
        for (labels, counts) in all {
            for (status, count) in counts.byStatus.sorted(by: { $0.key < $1.key }) {
                page.add("\(labels),status=\"\(status)\"", count)
            }
        }
        page.begin("lightbox_request_seconds", "histogram", "What answers took, until they were ready to be sent.")
        for (labels, counts) in all {
            var sum = 0
            for (bound, count) in zip(Self.bounds, counts.buckets) {
                sum += count
                page.add("\(labels),le=\"\(bound)\"", sum, suffix: "_bucket")
            }
            sum += counts.buckets[Self.bounds.count]
            page.add("\(labels),le=\"+Inf\"", sum, suffix: "_bucket")
            page.add(labels, counts.seconds, suffix: "_sum")
            page.add(labels, sum, suffix: "_count")
        }
        page.add("lightbox_requests_in_flight", "Requests under way.", requests)
        page.begin("lightbox_model_bytes", "gauge", "Memory of models, estimated.")
        for model in models {
            page.add("model=\"\(model.key.model)\",version=\"\(model.key.version)\"", model.memory)
        }
        page.begin("lightbox_model_instances", "gauge", "Instances that are taken and not answered.")
        for model in models {
            page.add("model=\"\(model.key.model)\",version=\"\(model.key.version)\"", model.load)
        }
        page.add("lightbox_model_budget_bytes", "Memory that all models may take.", budget)
        page.begin(
            "lightbox_drift_images", "counter", "Images that were held against those of the model's making.")
        for (key, drift) in drifts {
            page.add("model=\"\(key.model)\",version=\"\(key.version)\"", drift.images)
        }
        page.begin("lightbox_drift_alarm", "gauge", "1 from the moment on that they are unlike, taken together.")
        for (key, drift) in drifts {
            page.add("model=\"\(key.model)\",version=\"\(key.version)\"", drift.isDrifting ? 1 : 0)
        }
        page.begin("lightbox_jobs", "gauge", "Jobs that have not ended.")
        for (state, count) in jobs.sorted(by: { $0.key < $1.key }) { page.add("state=\"\(state)\"", count) }
        page.add(
            "lightbox_uptime_seconds", "Since the server started.",
            Int((ContinuousClock.now - start) / .seconds(1)))
        return page.text
    }

    private func label(_ index: Int, _ routes: [Route]) -> String {
        guard index < routes.count else { return "method=\"\",route=\"\"" }
        return "method=\"\(routes[index].method.rawValue)\",route=\"\(routes[index].template)\""
    }

    private struct Page {
        var text = ""
        private var name = ""

        init() {}

        mutating func begin(_ name: String, _ type: String, _ help: String) {
            self.name = name
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        }

        mutating func add(_ labels: String, _ value: some CustomStringConvertible, suffix: String = "") {
            text += "\(name)\(suffix){\(labels)} \(value)\n"
        }

        mutating func add(_ name: String, _ help: String, _ value: Int) {
            begin(name, "gauge", help)
            text += "\(name) \(value)\n"
        }
    }
}
