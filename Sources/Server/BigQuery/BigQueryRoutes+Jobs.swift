import Catalog
import Foundation
import HTTPTypes
import LightboxCore
import WireFormats

extension BigQueryRoutes {
    private static let jobs = "/projects/{project}/jobs"

    var jobRoutes: [Route] {
        [
            Self.route(.post, Self.jobs, .read, "Start a query, a load or an extract.", body: "Document") { call in
                Reply(try await start(try Self.message(call), call, file: nil))
            },
            Self.route(
                .get, Self.jobs, .read, "List jobs, the newest first.",
                query: Self.pageQuery + [
                    ("stateFilter", "pending, running or done"), ("allUsers", "`true`, for administrators"),
                ],
                handler: list),
            Self.route(.get, Self.jobs + "/{job}", .read, "Tell of a job.") { call in
                Reply(try service.jobs.job(call["project"], call["job"], for: call).message)
            },
            Self.route(.post, Self.jobs + "/{job}/cancel", .read, "Ask a job to end.") { call in
                let job = try service.jobs.job(call["project"], call["job"], for: call)
                job.cancel()
                // Most end at once.
                try await job.wait(.milliseconds(500))
                return Reply(
                    .object([
                        JSONMember("kind", .string("bigquery#jobCancelResponse")), JSONMember("job", job.message),
                    ]))
            },
            Self.route(.delete, Self.jobs + "/{job}/delete", .read, "Forget a job and its rows.") { call in
                let job = try service.jobs.job(call["project"], call["job"], for: call)
                guard job.isDone else { throw BigQueryError.invalid("The job is running. Cancel it first.") }
                service.jobs.remove(job)
                return .empty
            },
        ]
    }

    @Sendable private func list(_ call: Call) async throws -> Reply {
        var jobs = service.jobs.jobs(
            of: call["project"], for: call, all: call.query["allUsers"]?.lowercased() == "true")
        if let state = call.query["stateFilter"], !state.isEmpty {
            jobs = jobs.filter { $0.phase.rawValue == state.uppercased() }
        }
        let (items, token) = try Self.page(jobs, call)
        var members = [
            JSONMember("kind", .string("bigquery#jobList")), JSONMember("jobs", .array(items.map(\.message))),
        ]
        if let token { members.append(JSONMember("nextPageToken", .string(token))) }
        return Reply(.object(members))
    }

    /// Starts what a message asks for.
    ///
    /// - Parameter file: what was sent to be loaded.
    /// - Returns: the job.
    func start(_ message: JSONValue, _ call: Call, file: UploadedFile?) async throws -> JSONValue {
        let project = call["project"]
        guard let configuration = message["configuration"] else {
            throw BigQueryError(400, "required", "Required parameter is missing: configuration")
        }
        let kinds = ["query", "load", "extract", "copy"].filter { configuration[$0] != nil }
        guard kinds.count == 1, let kind = kinds.first, let own = configuration[kind] else {
            throw BigQueryError.invalid("A job has one of query, load, extract and copy.")
        }
        let reference = message["jobReference"]
        let id = reference?["jobId"]?.string ?? "job_" + UUID().uuidString.filter { $0 != "-" }
        guard (1...1024).contains(id.utf8.count), id.utf8.allSatisfy(Self.isOfID) else {
            throw BigQueryError.invalid("Invalid job ID: letters, digits, '_' and '-' make one.")
        }
        let members = (configuration.members ?? []).filter { $0.name != "jobType" }
        let job = TableJob(
            project: project, id: id, location: Self.location(reference?["location"]), kind: kind,
            configuration: .object([JSONMember("jobType", .string(kind.uppercased()))] + members),
            user: call.caller)
        let service = service
        let body: @Sendable () throws -> TableJob.Outcome
        switch kind {
        case "query":
            var request = try QueryRequest(own, project: project)
            request.time = configuration["jobTimeoutMs"].flatMap(Self.integer).map { .milliseconds($0) }
            if request.target != nil { try service.checkWrites(call) }
            if configuration["dryRun"]?.bool == true { return try await dryRun(job, request) }
            body = { [request] in try service.run(request, job) }
        case "load":
            try service.checkWrites(call)
            let load = try LoadRequest(own, project: project, file: file)
            for address in load.addresses { try checkBucket(address, as: "sourceUris", call) }
            body = { try service.load(load, job) }
        case "extract":
            try service.checkWrites(call)
            let extract = try ExtractRequest(own, project: project)
            for address in extract.addresses { try checkBucket(address, as: "destinationUris", call) }
            body = { try service.extract(extract, job) }
        default: throw BigQueryError.invalid("Copy jobs are not run here: write a query with a destination table.")
        }
        try service.jobs.start(job, body)
        // Short ones are done when their maker first asks.
        try await job.wait(.milliseconds(20))
        return job.message
    }

    private func dryRun(_ job: TableJob, _ request: QueryRequest) async throws -> JSONValue {
        let service = service
        let query = try await onOwnThread { try service.translated(request, job.project) }
        job.run { TableJob.Outcome(statistics: TableService.statistics(query, job.project)) }
        return job.message
    }

    private static func isOfID(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// Files are read and written in buckets, whoever asks.
    private func checkBucket(_ address: String, as field: String, _ call: Call) throws {
        guard address.hasPrefix("gs://") || address.hasPrefix("s3://") else {
            throw BigQueryError.invalid("\(field): addresses begin with gs://BUCKET/ or s3://BUCKET/.")
        }
        try call.allow(address, as: field, in: context.home)
    }
}
