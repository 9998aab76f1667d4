import Catalog
import Foundation
import HTTPTypes
import LightboxCore
import Serving
import WebPages

/// Pages of jobs, which stay up to date while one looks at them.
struct JobPageRoutes: RouteGroup {
    private let context: ServerContext

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        [
            .page("/jobs", "The jobs.", query: ["pageToken"], jobs),
            .page("/jobs/{job}", "A job, its progress and its log.", job),
            .page("/jobs/{job}/live", "The parts of a job's page that change.", live),
        ]
    }

    @Sendable private func jobs(_ call: Call) async throws -> String {
        let request = PageRequest(token: call.query["pageToken"] ?? "")
        let page = try await context.catalog { try $0.jobs(request) }
        return call.pages.jobs(page.items, next: page.next)
    }

    @Sendable private func job(_ call: Call) async throws -> String {
        let name = call["job"]
        let (job, log) = try await context.catalog { (try $0.job(name), try $0.log(of: name, after: 0)) }
        return call.pages.job(job, log: log, curves: await history(of: job))
    }

    @Sendable private func live(_ call: Call) async throws -> String {
        let name = call["job"]
        let job = try await context.catalog { try $0.job(name) }
        return call.pages.live(job, curves: await history(of: job))
    }

    /// What the run of a training job has written so far; nil for other jobs.
    private func history(of job: Job) async -> TrainingHistory? {
        guard case .training(let work) = job.work, let folder = work.output else { return nil }
        return try? await blocking { [home = context.home] in
            try TrainingHistory(path: home.outputFolder(of: folder) + "/history.csv")
        }
    }
}
