public import Catalog
import WireFormats

/// What `/jobs/ID/events` sends (server-sent events), so that a job's page stays up to date: only what has changed.
///
/// | event | data |
/// |---|---|
/// | `job` | `{"state", "isFinal", "completed", "errors", "total", "seconds", "error", "badge", "progress"}`; the last two are markup |
/// | `log` | `{"number", "severity", "text", "line"}`; its `id` is the line's number, for `Last-Event-ID` |
/// | `curves` | `{"points"}`: there are so many now, and the page asks for `/jobs/ID/curves` |
///
/// A stream ends behind a `job` event whose `isFinal` is true. Ask every half second or so:
/// ```swift
/// var events = JobEvents(afterLine: Int(request.lastEventID) ?? 0)
/// repeat {
///     let job = try catalog.job(id)
///     let log = try catalog.log(of: id, after: events.lastLine)
///     try await writer.write(events.text(job, log: log, points: history.rows.count))
/// } while !events.isAtEnd
/// ```
public struct JobEvents: Sendable {
    /// The number of the last log line that was sent.
    public private(set) var lastLine: Int
    /// Whether nothing more will come.
    public private(set) var isAtEnd = false
    private var job: Job?
    private var points = 0
    private var quiet = 0

    public init(afterLine line: Int = 0) { lastLine = line }

    /// The events since the last call; an empty text where there are none.
    ///
    /// - Parameters:
    ///   - log: the lines behind ``lastLine``, in order.
    ///   - points: of the training curves; 0 for a job without them.
    public mutating func text(_ job: Job, log: [JobLogLine], points: Int = 0) -> String {
        var text = ""
        for line in log where line.number > lastLine {
            text += Self.event("log", id: line.number, Self.members(line))
            lastLine = line.number
        }
        if points != self.points {
            text += Self.event("curves", [JSONMember("points", .integer(Int64(points)))])
            self.points = points
        }
        // The last log lines come first, so that none is missing when the reader hangs up.
        if job != self.job {
            text += Self.event("job", Self.members(job))
            self.job = job
            isAtEnd = job.state.isFinal
        }
        quiet = text.isEmpty ? quiet + 1 : 0
        // A comment now and then tells a dead line from a quiet job.
        return quiet > 0 && quiet % 30 == 0 ? ": still there\n\n" : text
    }

    private static func members(_ job: Job) -> [JSONMember] {
        let progress = job.progress
        return [
            JSONMember("state", .string(job.state.rawValue)), JSONMember("isFinal", .bool(job.state.isFinal)),
            JSONMember("completed", .integer(Int64(progress.completed))),
            JSONMember("errors", .integer(Int64(progress.errors))),
            JSONMember("total", progress.total.map { .integer(Int64($0)) } ?? .null),
            JSONMember("seconds", .number(progress.seconds.isFinite ? progress.seconds : 0)),
            JSONMember("error", .string(job.errorMessage)), JSONMember("badge", .string(Pages.state(job).text)),
            JSONMember("progress", .string(Pages.progress(job).text)),
        ]
    }

    private static func members(_ line: JobLogLine) -> [JSONMember] {
        [
            JSONMember("number", .integer(Int64(line.number))),
            JSONMember("severity", .string(line.severity.rawValue)),
            JSONMember("text", .string(line.text)), JSONMember("line", .string(Pages.line(line).text)),
        ]
    }

    /// JSON has no line ends in it, so that one `data:` line holds it.
    private static func event(_ name: String, id: Int? = nil, _ members: [JSONMember]) -> String {
        let data = String(decoding: (try? JSONValue.object(members).serialized()) ?? [], as: UTF8.self)
        return (id.map { "id: \($0)\n" } ?? "") + "event: \(name)\ndata: \(data)\n\n"
    }
}
