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
            ["JOB_ID", "STATUS", "CREATED", "DONE"],
            jobs.map { job in
                let progress = job.progress
                let done = progress.total.map { "\(progress.completed + progress.errors) of \($0)" } ?? ""
                return [job.id, job.state.rawValue.uppercased(), job.created.formatted(.iso8601), done]
            })
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
            let runner = JobRunner(home: context.home, catalog: catalog)
            let worked = try waiting { () -> [Job] in
                guard !forever else {
                    try await runner.run(context)
                    return []
                }
                var jobs: [Job] = []
                while !context.isCancelled(), try catalog.hasOpenJobs() {
                    if let job = try await runner.runNext(context) {
                        jobs.append(job)
                    } else {
                        // Under way elsewhere, or left by a process that died: that shows in some seconds.
                        try await Task.sleep(for: .milliseconds(500))
                    }
                }
                return jobs
            }
            for job in worked {
                if global.json { try printJSON(job) } else { print("\(job.id) \(job.state.rawValue)") }
            }
            if Interruption.isRequested { throw ExitCode(ExitStatus.interrupted) }
            if worked.contains(where: { $0.state == .failed }) { throw ExitCode(ExitStatus.partial) }
        }
    }
}
