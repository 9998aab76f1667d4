import Database
import Foundation
import LightboxCore

extension ModelCatalog {
    /// Puts a job at the end of the queue.
    ///
    /// A prediction by a model of the catalogue is bound to the version that is found now.
    ///
    /// - Throws: ``CatalogError``: `alreadyExists`, `notFound` for an unknown model or version, `invalidArgument`.
    @discardableResult
    public func createJob(
        _ id: String, _ work: Job.Work, labels: [String: String] = [:], creator: String = ""
    ) throws -> Job {
        try CatalogName.check(id, .job)
        let work = try checked(work)
        return try write(.readCommitted) { database in
            let job = try insertJob(id, work, labels: labels, creator: creator, database)
            try Self.log("The job is queued.", .info, of: id, at: job.created, database)
            return job
        }
    }

    func insertJob(
        _ id: String, _ work: Job.Work, labels: [String: String], creator: String, _ database: SQLTransaction
    ) throws -> Job {
        let time = now()
        let dataset: String? = if case .archive(let work) = work { work.dataset } else { nil }
        let count = try database.execute(
            """
            INSERT INTO job (id, labels, work, state, created, progress, creator, revision, queue, dataset)
            VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """,
            [
                id, try Column.text(labels), try Column.text(work), time.timeIntervalSince1970,
                try Column.text(Job.Progress()), creator, Revision.next(at: time), work.queue.rawValue, dataset,
            ])
        guard count == 1 else {
            throw CatalogError(.alreadyExists, "There is a job '\(id)' already. Choose another name.")
        }
        return try Self.job(id, database)
    }

    private func checked(_ work: Job.Work) throws -> Job.Work {
        func missing(_ field: String) -> CatalogError {
            CatalogError(.invalidArgument, "\(field) is missing.")
        }
        switch work {
        case .archive: return work
        case .training(let training):
            guard !training.module.isEmpty else { throw missing("trainingInput.pythonModule") }
            return work
        case .prediction(var prediction):
            guard !prediction.inputs.isEmpty, !prediction.inputs.contains("") else {
                throw missing("predictionInput.inputPaths")
            }
            guard !prediction.output.isEmpty else { throw missing("predictionInput.outputPath") }
            for address in prediction.inputs + [prediction.output] { _ = try home.localPath(of: address) }
            guard (1...100_000).contains(prediction.batchSize) else {
                throw CatalogError(.invalidArgument, "predictionInput.batchSize is 1 to 100000.")
            }
            guard ["", "JSON"].contains(prediction.outputFormat) else {
                throw CatalogError(.invalidArgument, "predictionInput.outputDataFormat: only JSON is written.")
            }
            switch prediction.target {
            case .model(let model, let version):
                prediction.version = try servable(model, version: version).name
            case .folder(let folder):
                guard !folder.isEmpty else { throw missing("predictionInput.modelName, versionName or uri") }
                _ = try home.localPath(of: folder)
            }
            return .prediction(prediction)
        }
    }

    /// - Throws: ``CatalogError`` `notFound`.
    public func job(_ id: String) throws -> Job { try read { try Self.job(id, $0) } }

    /// The newest first. Filter fields: `jobId`, `state`, `labels.NAME`.
    ///
    /// - Parameters:
    ///   - queue: only those of one queue.
    ///   - dataset: only work on this dataset's stores.
    public func jobs(
        _ page: PageRequest = PageRequest(), in queue: Job.Queue? = nil, of dataset: String? = nil
    ) throws -> CatalogPage<Job> {
        let filter = try CatalogFilter(page.filter, fields: ["jobId", "state"])
        var conditions = ["number < ?"]
        var arguments: SQLArguments = []
        for (column, value) in [("queue", queue?.rawValue), ("dataset", dataset)] {
            guard let value else { continue }
            conditions.append("\(column) = ?")
            arguments += [value]
        }
        let list = ["jobs", queue?.rawValue, dataset].compactMap(\.self).joined(separator: " ")
        return try read { database in
            try Self.page(page, list: list, firstKey: "\(Int64.max)") { before in
                try database.cursor(
                    "SELECT * FROM job WHERE \(conditions.joined(separator: " AND ")) ORDER BY number DESC",
                    [Int64(before) ?? 0] + arguments)
            } item: { row in
                let job = try Self.job(row)
                let isWanted = filter.accepts { field in
                    switch field {
                    case "jobId": job.id
                    case "state": job.state.rawValue
                    default: job.labels[String(field.dropFirst("labels.".count))]
                    }
                }
                return (isWanted ? job : nil, key: "\(try row.get("number") as Int64)")
            }
        }
    }

    /// Whether a job, or one of a queue, waits or is under way anywhere.
    public func hasOpenJobs(in queue: Job.Queue? = nil) throws -> Bool {
        try read { database in
            try database.scalar(
                """
                SELECT EXISTS (SELECT 1 FROM job
                WHERE state IN ('queued', 'preparing', 'running', 'cancelling') AND queue = coalesce(?, queue))
                """, [queue?.rawValue]) ?? false
        }
    }

    /// Ends a job that waits; asks one that runs to end soon.
    ///
    /// - Throws: ``CatalogError`` `failedPrecondition` for a job that has ended.
    @discardableResult
    public func cancelJob(_ id: String) throws -> Job {
        try writeJob(id) { database in
            let job = try Self.job(id, database)
            guard !job.state.isFinal else {
                throw CatalogError(.failedPrecondition, "The job has ended: it \(job.state.rawValue).")
            }
            if job.state == .queued {
                try end(job, .cancelled, database)
            } else if job.state != .cancelling {
                try update(job, "state = 'cancelling'", [], database)
                try Self.log("The job is asked to stop.", .info, of: id, at: now(), database)
            }
            return try Self.job(id, database)
        }
    }

    /// Changes a job's labels.
    ///
    /// - Parameters:
    ///   - mask: `labels`, `labels.NAME`, `etag`.
    ///   - etag: read for `etag`: the change is refused when the job has another.
    public func patchJob(
        _ id: String, mask: UpdateMask, labels: [String: String], etag: String? = nil
    ) throws -> Job {
        try writeJob(id) { database in
            let job = try Self.job(id, database)
            var changed = job.labels
            try mask.each { path in
                if path == "etag" {
                    try Self.check(etag, against: job.etag)
                    return true
                }
                return UpdateMask.applyLabels(path, to: &changed, from: labels)
            }
            try update(job, "labels = ?", [try Column.text(changed)], database)
            return try Self.job(id, database)
        }
    }

    /// Lines of a job's log in order.
    ///
    /// - Parameter number: lines behind this one.
    public func log(of id: String, after number: Int = 0, limit: Int = 1000) throws -> [JobLogLine] {
        try read { database in
            _ = try Self.job(id, database)
            let rows = try database.all(
                """
                SELECT l.* FROM job_log l JOIN job ON job.number = l.job
                WHERE job.id = ? AND l.number > ? ORDER BY l.number LIMIT ?
                """, [id, number, limit])
            return try rows.map { row in
                try JobLogLine(
                    number: row.get("number"), time: Date(timeIntervalSince1970: row.get("time")),
                    severity: JobLogLine.Severity(rawValue: row.get("severity")) ?? .info, text: row.get("text"))
            }
        }
    }
}

extension ModelCatalog {
    static func job(_ id: String, _ database: SQLTransaction) throws -> Job {
        let row = try database.first("SELECT * FROM job WHERE id = ?", [id])
        guard let row else { throw CatalogError(.notFound, "There is no job \(id.prefix(128)).") }
        return try job(row)
    }

    static func job(_ row: SQLRow) throws -> Job {
        guard let state = try Job.State(rawValue: row.get("state")) else {
            throw CatalogError(.unusable, "catalog.db has a job in a state that this Lightbox does not know.")
        }
        return try Job(
            id: row.get("id"), labels: Column.value(row.get("labels")), work: Column.value(row.get("work")),
            state: state, created: Date(timeIntervalSince1970: row.get("created")),
            started: Column.date(row.get("started")), ended: Column.date(row.get("ended")),
            errorMessage: row.get("error"),
            errorKind: (row.get("error_kind") as String?).flatMap(FailureKind.init),
            progress: Column.value(row.get("progress")), attempts: row.get("attempts"),
            etag: Revision.etag(row.get("revision")), creator: row.get("creator"))
    }

    /// Changes one job, whose row is locked first: nobody else changes it or writes to its log meanwhile.
    func writeJob<Result>(_ id: String, _ body: (SQLTransaction) throws -> Result) throws -> Result {
        try write(.readCommitted) { database in
            if database.engine == .postgres {
                try database.execute("SELECT number FROM job WHERE id = ? FOR UPDATE", [id])
            }
            return try body(database)
        }
    }

    /// Changes columns of a job, and its etag.
    func update(
        _ job: Job, _ columns: String, _ values: [any ColumnEncodable], _ database: SQLTransaction
    ) throws {
        let revision: Int64? = try database.scalar("SELECT revision FROM job WHERE id = ?", [job.id])
        var arguments = values
        arguments.append(Revision.next(after: revision ?? 0, at: now()))
        arguments.append(job.id)
        try database.execute("UPDATE job SET \(columns), revision = ? WHERE id = ?", SQLArguments(arguments))
    }

    func end(
        _ job: Job, _ state: Job.State, error: String = "", kind: FailureKind? = nil, _ database: SQLTransaction
    ) throws {
        let time = now()
        try database.execute("UPDATE job SET error_kind = ? WHERE id = ?", [kind?.rawValue, job.id])
        try update(
            job, "state = ?, error = ?, ended = ?, lease_owner = NULL, lease_end = NULL",
            [state.rawValue, error, time.timeIntervalSince1970], database)
        try Self.log(
            error.isEmpty ? "The job \(state == .cancelled ? "is cancelled" : state.rawValue)." : error,
            state == .failed ? .error : .info, of: job.id, at: time, database)
    }

    static func log(
        _ text: String, _ severity: JobLogLine.Severity, of id: String, at time: Date, _ database: SQLTransaction
    ) throws {
        try database.execute(
            """
            INSERT INTO job_log (job, number, time, severity, text)
            SELECT j.number, coalesce((SELECT max(l.number) FROM job_log l WHERE l.job = j.number), 0) + 1, ?, ?, ?
            FROM job j WHERE j.id = ?
            """,
            [time.timeIntervalSince1970, severity.rawValue, text, id])
    }
}
