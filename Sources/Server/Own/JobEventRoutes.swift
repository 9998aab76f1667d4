import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import LightboxCore
import NIOCore
import WireFormats

/// A job's progress and log as server-sent events, until it ends.
///
/// Events: `progress` with the job's state and counts whenever they change, `log` with one line (its number is the
/// event's id, so that a reader that comes back gets what it missed), `end` at the end.
struct JobEventRoutes: RouteGroup {
    private let context: ServerContext
    private static let pause = Duration.milliseconds(300)
    /// Pauses without an event after which a comment shows that the line is not dead.
    private static let quietPauses = 50

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        [
            Route(
                .get, "/v1/jobs/{job}/events", .own, .read, "A job's progress and log as they come.",
                .init(
                    query: [("after", "Log lines behind this number; the header Last-Event-ID goes before it.")],
                    mediaType: "text/event-stream"), handler: events)
        ]
    }

    @Sendable private func events(_ call: Call) async throws -> Reply {
        try call.query.allow("after")
        let after = try call.headers[.lastEventID].flatMap { Int($0) } ?? call.query.integer("after") ?? 0
        let name = call["job"]
        _ = try await context.catalog { try $0.job(name) }
        return Reply(stream: "text/event-stream") { [context] writer in
            try context.beginStream()
            defer { context.endStream() }
            var walk = Walk(name: name, lastLine: after)
            var quiet = 0
            while !context.isStopping {
                let state = walk
                let (text, next) = try await context.catalog { try state.look($0) }
                walk = next
                quiet = text.isEmpty ? quiet + 1 : 0
                if !text.isEmpty {
                    try await writer.write(ByteBuffer(string: text))
                } else if quiet % JobEventRoutes.quietPauses == JobEventRoutes.quietPauses - 1 {
                    try await writer.write(ByteBuffer(string: ": still there\n\n"))
                }
                if walk.isOver { return }
                try await Task.sleep(for: JobEventRoutes.pause)
            }
        }
    }

    /// What was told already.
    private struct Walk: Sendable {
        let name: String
        var lastLine: Int
        private var told = ""
        private(set) var isOver = false
        private static let linesAtOnce = 500

        init(name: String, lastLine: Int) {
            self.name = name
            self.lastLine = max(0, lastLine)
        }

        /// Events for what is new.
        func look(_ catalog: ModelCatalog) throws -> (String, Walk) {
            var next = self
            var text = ""
            // Asked before the log, so that no line behind the end is missed.
            let job = try catalog.job(name)
            let lines = try catalog.log(of: name, after: lastLine, limit: Self.linesAtOnce)
            let state = Self.progress(of: job)
            if state != told {
                text += "event: progress\ndata: \(state)\n\n"
                next.told = state
            }
            for line in lines {
                text += "event: log\nid: \(line.number)\ndata: \(Self.text(line))\n\n"
                next.lastLine = line.number
            }
            if job.state.isFinal, lines.count < Self.linesAtOnce {
                text += "event: end\ndata: \(state)\n\n"
                next.isOver = true
            }
            return (text, next)
        }

        private static func progress(of job: Job) -> String {
            var message = Message()
            message.add("state", job.state.rawValue.uppercased())
            message.add("detail", job.progress.detail)
            message.add("errorMessage", job.errorMessage)
            message.add([
                "completed": .integer(Int64(job.progress.completed)),
                "errors": .integer(Int64(job.progress.errors)),
                "total": job.progress.total.map { .integer(Int64($0)) } ?? .null,
                "seconds": .number(job.progress.seconds),
            ])
            return text(message.value)
        }

        private static func text(_ line: JobLogLine) -> String {
            var message = Message()
            message.add("time", line.time)
            message.add("severity", line.severity.rawValue.uppercased())
            message.add("text", line.text)
            return text(message.value)
        }

        /// On one line, since a line's end would end the event.
        private static func text(_ value: JSONValue) -> String {
            String(decoding: (try? value.serialized()) ?? [], as: UTF8.self)
        }
    }
}

extension HTTPField.Name {
    static let lastEventID = HTTPField.Name("Last-Event-ID")!
}
