import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import LightboxCore
import NIOCore
import Serving
import WebPages

/// Pages of jobs, which stay up to date while one looks at them.
struct JobPageRoutes: RouteGroup {
    private let context: ServerContext
    private let pages = Pages()
    private static let pause = Duration.milliseconds(500)

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        [
            .page("/jobs", "The jobs.", query: ["pageToken"], jobs),
            .page("/jobs/{job}", "A job, its progress and its log.", job),
            .page("/jobs/{job}/curves", "The training curves of a job's page.", curves),
            Route(
                .get, "/jobs/{job}/events", .page, .read, "What changes on a job's page.",
                .init(
                    query: [("after", "Log lines behind this number; the header Last-Event-ID goes before it.")],
                    mediaType: "text/event-stream"), handler: events),
        ]
    }

    @Sendable private func jobs(_ call: Call) async throws -> String {
        let request = PageRequest(token: call.query["pageToken"] ?? "")
        let page = try await context.catalog { try $0.jobs(request) }
        return pages.jobs(page.items, next: page.next)
    }

    @Sendable private func job(_ call: Call) async throws -> String {
        let name = call["job"]
        let (job, log) = try await context.catalog { (try $0.job(name), try $0.log(of: name, after: 0)) }
        return pages.job(job, log: log, curves: await history(of: job))
    }

    @Sendable private func curves(_ call: Call) async throws -> String {
        let name = call["job"]
        let job = try await context.catalog { try $0.job(name) }
        return await history(of: job).map { pages.curves($0) } ?? ""
    }

    @Sendable private func events(_ call: Call) async throws -> Reply {
        try call.query.allow("after")
        let after = try call.headers[.lastEventID].flatMap { Int($0) } ?? call.query.integer("after") ?? 0
        let name = call["job"]
        _ = try await context.catalog { try $0.job(name) }
        return Reply(stream: "text/event-stream") { [context] writer in
            try context.beginStream()
            defer { context.endStream() }
            var events = JobEvents(afterLine: after)
            while !context.isStopping && !events.isAtEnd {
                let lastLine = events.lastLine
                // The job before its log, so that no line behind the end is missed.
                let (job, log) = try await context.catalog {
                    (try $0.job(name), try $0.log(of: name, after: lastLine))
                }
                let text = events.text(job, log: log, points: await history(of: job)?.rows.count ?? 0)
                if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
                if !events.isAtEnd { try await Task.sleep(for: Self.pause) }
            }
        }
    }

    /// What the run of a training job has written so far; nil for other jobs.
    private func history(of job: Job) async -> TrainingHistory? {
        guard case .training(let work) = job.work, let folder = Self.runFolder(of: work) else { return nil }
        return try? await blocking { [home = context.home] in
            try TrainingHistory(path: home.localPath(of: folder) + "/history.csv")
        }
    }

    private static func runFolder(_ name: String, _ arguments: [String]) -> String? {
        for (index, argument) in arguments.enumerated() {
            if argument == name, index + 1 < arguments.count { return arguments[index + 1] }
            if argument.hasPrefix(name + "=") { return String(argument.dropFirst(name.count + 1)) }
        }
        return nil
    }

    private static func runFolder(of work: TrainingWork) -> String? {
        let named = ["--output", "--output_path", "--output-path"].lazy.compactMap {
            runFolder($0, work.arguments)
        }
        return named.first ?? (work.folder.isEmpty ? nil : work.folder)
    }
}
