import Catalog
import Foundation
import HTTPTypes
import LightboxCore
import Serving
import WireFormats

/// All that the server does: what it is given, and health, numbers and the description of it all.
struct OwnRoutes {
    private let context: ServerContext
    private let others: [Route]

    /// - Parameter others: all other routes of the server, which these tell of, too.
    init(_ context: ServerContext, beside others: [Route]) {
        self.context = context
        self.others = others
    }

    var all: [Route] {
        others + [
            Route(.get, "/healthz", .own, .read, "Whether the process is alive.", .init(mediaType: "text/plain")) {
                _ in Reply(Array("ok\n".utf8), type: "text/plain; charset=utf-8")
            }.open,
            Route(.get, "/readyz", .own, .read, "Whether requests are taken.", .init(mediaType: "text/plain")) {
                _ in
                guard !context.isStopping else { throw ServerError(.shuttingDown, "The server is stopping.") }
                _ = try await context.catalog { try $0.models(.init(size: 1)) }
                return Reply(Array("ready\n".utf8), type: "text/plain; charset=utf-8")
            }.open,
            Route(.get, "/metrics", .own, .read, "Numbers for Prometheus.", .init(mediaType: "text/plain")) { _ in
                try await metrics()
            },
            Route(.get, "/openapi.json", .own, .read, "This description.", .init(answer: "Document")) { _ in
                Reply(OpenAPIDocument(routes: self.all).value)
            },
        ]
    }

    private func metrics() async throws -> Reply {
        let pool = context.models.pool
        let jobs = try await context.catalog { catalog in
            var counts: [String: Int] = [:]
            for state in Job.State.allCases where !state.isFinal {
                counts[state.rawValue] = try catalog.jobs(.init(size: 100, filter: "state:\(state.rawValue)"))
                    .items.count
            }
            return counts
        }
        let text = context.metrics.text(
            all, models: pool.status, budget: pool.settings.memoryBudget, jobs: jobs,
            drifts: context.cardMakers.drifts)
        return Reply(Array(text.utf8), type: "text/plain; version=0.0.4; charset=utf-8")
    }
}
