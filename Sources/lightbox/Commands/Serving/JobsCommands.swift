import ArgumentParser
import Catalog
import Foundation
import LightboxCore
import Pipelines
import Serving

/// `lightbox jobs …`
struct JobsCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Predict in batches and train, in a queue that survives crashes.",
        subcommands: [
            JobsSubmit.self, JobsList.self, JobsDescribe.self, JobsLogs.self, JobsCancel.self, JobsRun.self,
        ])
}

struct JobsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the jobs, the newest first.",
        discussion: """
            Example:
              lightbox jobs list --filter 'jobId:census* AND state:FAILED'
            """)

    @OptionGroup var list: ListOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let catalog = try global.catalog()
        let jobs = try list.all { try catalog.jobs($0) }
        if global.json { return try printJSON(jobs) }
        printTable(
            ["JOB_ID", "KIND", "STATUS", "CREATED", "DONE"],
            jobs.map { job in
                let progress = job.progress
                let done = progress.total.map { "\(progress.completed + progress.errors) of \($0)" } ?? ""
                return [
                    job.id, Self.kind(of: job.work), job.state.rawValue.uppercased(),
                    job.created.formatted(.iso8601), done,
                ]
            })
    }

    private static func kind(of work: Job.Work) -> String {
        switch work {
        case .prediction: "prediction"
        case .training: "training"
        case .archive(let work): work.verb
        }
    }
}

struct JobsDescribe: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "describe", abstract: "Say how a job goes.",
        discussion: """
            Example:
              lightbox jobs describe feature_vector_batch_predict
            """)

    @Argument var name: String
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let job = try global.catalog().job(name)
        if global.json { return try printJSON(job) }
        var description = Description()
        description.add("jobId", job.id)
        description.add("state", job.state.rawValue.uppercased())
        description.add("error", job.errorMessage)
        description.add("labels", job.labels)
        description.add("created", job.created)
        description.add("started", job.started)
        description.add("ended", job.ended)
        switch job.work {
        case .prediction(let work):
            description.add("model", Self.target(of: work))
            description.add("input", work.inputs.joined(separator: ", "))
            description.add("output", work.output)
            description.add("predictions", String(job.progress.completed))
            description.add("errors", String(job.progress.errors))
            description.add("of", job.progress.total.map(String.init))
        case .training(let work):
            description.add("trainer", ([work.module] + work.arguments).joined(separator: " "))
            description.add("folder", work.folder)
        case .archive(let work):
            description.add("kind", work.words)
            description.add(work.store == nil ? "dataset" : "store", work.place)
            description.add("input", work.source)
            description.add("output", work.target)
            description.add("done", String(job.progress.completed))
            description.add("errors", String(job.progress.errors))
            description.add("of", job.progress.total.map(String.init))
        }
        description.add("attempts", job.attempts > 1 ? String(job.attempts) : nil)
        description.add("etag", job.etag)
        description.print()
    }

    private static func target(of work: PredictionWork) -> String {
        switch work.target {
        case .model(let model, let version): "\(model)/\(work.version ?? version ?? "")"
        case .folder(let folder): folder
        }
    }
}

struct JobsLogs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stream-logs", abstract: "Print a job's log until the job ends.",
        discussion: """
            Example:
              lightbox jobs stream-logs feature_vector_batch_predict
            """)

    @Argument var name: String
    @Flag(help: "Print what there is and end.") var noFollow = false
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let catalog = try global.catalog()
        var last = 0
        while true {
            // Asked before the log, so that no line behind the end is missed.
            let isOver = try catalog.job(name).state.isFinal || noFollow
            let lines = try catalog.log(of: name, after: last)
            for line in lines {
                if global.json {
                    try printJSON(line)
                } else {
                    let time = line.time.formatted(.iso8601)
                    print("\(line.severity.rawValue.uppercased())\t\(time)\t\(Terminal.printable(line.text))")
                }
            }
            fflush(nil)
            last = lines.last?.number ?? last
            if lines.isEmpty {
                if isOver { break }
                Thread.sleep(forTimeInterval: 0.5)
            }
        }
        if try catalog.job(name).state == .failed { throw ExitCode(ExitStatus.environment) }
    }
}

struct JobsCancel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Ask a job to stop.",
        discussion: """
            Example:
              lightbox jobs cancel feature_vector_batch_predict
            """)

    @Argument var name: String
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let job = try global.catalog().cancelJob(name)
        if global.json { return try printJSON(job) }
        print("\(name) is \(job.state.rawValue).")
    }
}

struct JobsRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Work on the queue here, without a server.",
        discussion: """
            Ends when no job waits or is under way. A job of a process that died is taken up again, some seconds after its death; \
            Ctrl-C gives the job under way back to the queue.

            Example:
              lightbox jobs run
            """)

    @Flag(help: "Wait for more when the queue is empty.") var forever = false
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.run { context in
            let catalog = try global.catalog()
            let runners: [any QueueRunner] = [
                JobRunner(home: context.home, catalog: catalog), ArchiveRunner(catalog: catalog),
            ]
            let worked = try waiting { [forever] () -> [Job] in
                try await withThrowingTaskGroup(of: [Job].self) { tasks in
                    for runner in runners {
                        tasks.addTask {
                            guard forever else { return try await runner.runAll(context) }
                            try await runner.run(context)
                            return []
                        }
                    }
                    return try await tasks.reduce(into: []) { $0 += $1 }
                }
            }
            for job in worked {
                if global.json { try printJSON(job) } else { print("\(job.id) \(job.state.rawValue)") }
            }
            if Interruption.isRequested { throw ExitCode(ExitStatus.interrupted) }
            if worked.contains(where: { $0.state == .failed }) { throw ExitCode(ExitStatus.partial) }
        }
    }
}
