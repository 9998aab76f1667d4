import Catalog
import Foundation
import GoogleSQL
import HTTPTypes
import LightboxCore
import Warehouse
import WireFormats

extension BigQueryRoutes {
    private static let queries = "/projects/{project}/queries"

    var queryRoutes: [Route] {
        [
            Self.route(
                .post, Self.queries, .read, "Run a query and give its first rows.", body: "Document",
                handler: query),
            Self.route(
                .get, Self.queries + "/{job}", .read, "Rows of a query's result.",
                query: Self.pageQuery + [("startIndex", "Rows to pass over."), ("timeoutMs", "How long to wait.")]
            ) { call in
                let job = try service.jobs.job(call["project"], call["job"], for: call)
                try await job.wait(wait(try call.query.integer("timeoutMs")))
                return try results(
                    of: job, kind: "bigquery#getQueryResultsResponse", from: try Self.start(call),
                    count: try call.query.integer("maxResults"),
                    hasMicros: call.query["formatOptions.useInt64Timestamp"]?.lowercased() == "true")
            },
        ]
    }

    /// No longer than the request may take.
    private func wait(_ milliseconds: Int?) -> Duration {
        .milliseconds(
            min(max(0, milliseconds ?? 10_000), Int(context.settings.timeout / .milliseconds(1)) * 4 / 5))
    }

    @Sendable private func query(_ call: Call) async throws -> Reply {
        let message = try Self.message(call)
        let project = call["project"]
        let request = try QueryRequest(message, project: project)
        if message["dryRun"]?.bool == true { return try await dryRun(request, project, message, call) }
        let name = message["requestId"]?.string.map { "\(project) \(call.caller) \($0)" }
        let known = name.flatMap { service.jobs.job(request: $0) }
        let job =
            known
            ?? TableJob(
                project: project, id: "job_" + UUID().uuidString.filter { $0 != "-" },
                location: Self.location(message["location"]),
                kind: "query",
                configuration: Self.configuration(
                    "query",
                    .object([JSONMember("query", .string(request.text)), JSONMember("useLegacySql", .bool(false))])
                ),
                user: call.caller)
        if known == nil {
            let service = service
            try service.jobs.start(job, request: name) { [request] in try service.run(request, job) }
        }
        try await job.wait(wait(message["timeoutMs"].flatMap(Self.integer)))
        return try results(
            of: job, kind: "bigquery#queryResponse", from: 0, count: message["maxResults"].flatMap(Self.integer),
            hasMicros: message["formatOptions"]?["useInt64Timestamp"]?.bool ?? false)
    }

    private func dryRun(
        _ request: QueryRequest, _ project: String, _ message: JSONValue, _ call: Call
    ) async throws -> Reply {
        let service = service
        let query = try await onOwnThread { try service.translated(request, project) }
        return Reply(
            .object([
                JSONMember("kind", .string("bigquery#queryResponse")),
                JSONMember("schema", SchemaText.schema(query.columns.map { ($0.name, $0.type) })),
                JSONMember("jobReference", .object([JSONMember("projectId", .string(project))])),
                JSONMember("totalBytesProcessed", .string("0")), JSONMember("jobComplete", .bool(true)),
                JSONMember("cacheHit", .bool(false)),
            ]))
    }

    /// A whole number, also as a string.
    static func integer(_ value: JSONValue) -> Int? {
        value.integer.map { Int($0) } ?? value.string.flatMap { Int($0) }
    }

    static func location(_ value: JSONValue?) -> String {
        let text = value?.string ?? ""
        return text.isEmpty ? "US" : String(text.prefix(64))
    }

    static func configuration(_ kind: String, _ value: JSONValue) -> JSONValue {
        .object([JSONMember("jobType", .string(kind.uppercased())), JSONMember(kind, value)])
    }

    /// - Parameter hasMicros: whether times are wanted as millionths of a second, and not as seconds.
    private func results(
        of job: TableJob, kind: String, from start: Int, count: Int?, hasMicros: Bool
    ) throws -> Reply {
        var members = [
            JSONMember("kind", .string(kind)), JSONMember("jobReference", job.reference),
            JSONMember("totalBytesProcessed", .string("0")), JSONMember("cacheHit", .bool(false)),
            JSONMember("jobComplete", .bool(job.isDone)),
        ]
        guard job.isDone else { return Reply(.object(members)) }
        let outcome = try job.outcome()
        members.append(JSONMember("schema", SchemaText.schema(outcome.columns)))
        var output = Array(#"{"rows":["#.utf8)
        let total = outcome.result?.rows ?? 0
        var read = 0
        if let result = outcome.result {
            read = try result.read(
                from: start, count: min(max(0, count ?? .max), 100_000), bytes: TableService.pageBytes,
                into: &output)
        }
        members.append(JSONMember("totalRows", .string("\(total)")))
        if start + read < total, read > 0 || count == 0 {
            members.append(JSONMember("pageToken", .string("at\(start + read)")))
        }
        output.append(UInt8(ascii: "]"))
        if !hasMicros, outcome.columns.contains(where: { $0.type == .timestamp }) {
            output = try Self.withSeconds(output, outcome.columns.map(\.type))
        }
        output.append(UInt8(ascii: ","))
        output += try JSONValue.object(members).serialized().dropFirst()
        return Reply(json: output)
    }

    /// The same rows with times in seconds, as the service sends them to those who do not ask for more.
    private static func withSeconds(_ output: [UInt8], _ types: [DataType]) throws -> [UInt8] {
        let rows = try JSONValue(parsing: String(decoding: output, as: UTF8.self) + "}")["rows"]?.elements ?? []
        let changed = rows.map { row in
            let cells = (row["f"]?.elements ?? []).enumerated().map { index, cell -> JSONValue in
                guard types[index] == .timestamp, let text = cell["v"]?.string, let micros = Int(text) else {
                    return cell
                }
                return .object([JSONMember("v", .string("\(Double(micros) / 1e6)"))])
            }
            return JSONValue.object([JSONMember("f", .array(cells))])
        }
        return try JSONValue.object([JSONMember("rows", .array(changed))]).serialized().dropLast()
    }
}
