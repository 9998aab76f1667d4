import Foundation
import LightboxCore
import WireFormats

/// Workers as processes of this machine: the contract of a cluster without one.
public struct ProcessEngine: TaskEngine {
    public var workers: Int
    /// The program, and what stands before `worker` on its command line.
    public var executable: String
    public var leadingArguments: [String] = []
    /// The home that workers are given; nil: that of the environment.
    public var home: String?
    /// A worker that ends with an error begins again this often; tasks that are done stay done.
    private static let attempts = 4

    /// - Parameter executable: this program unless told.
    public init(workers: Int, executable: String = "/proc/self/exe") {
        self.workers = max(1, workers)
        self.executable = URL(fileURLWithPath: executable).resolvingSymlinksInPath().path
    }

    public func check() {}

    public func run(_ job: EngineJob) throws {
        let shares = try deal(job)
        var running: [(share: String, attempt: Int, child: ChildProcess)] = []
        defer { for worker in running { worker.child.end() } }
        for share in shares { running.append((share, 1, try start(share, job))) }
        while !running.isEmpty {
            try job.tick(nil)
            for (index, worker) in running.enumerated().reversed() where !worker.child.isRunning {
                running.remove(at: index)
                if worker.child.status == 0 { continue }
                try job.tick(nil)  // Ctrl-C in a terminal reaches the workers too
                guard worker.attempt < Self.attempts else {
                    throw EngineError(
                        "a worker ended \(Self.attempts) times with \(worker.child.status)."
                            + WorkerLogs(folder: job.logs).lastWords)
                }
                running.append((worker.share, worker.attempt + 1, try start(worker.share, job)))
            }
            usleep(20_000)
        }
        try job.tick(nil)
    }

    /// Every worker gets every n-th task, so that all of them end at about the same time.
    private func deal(_ job: EngineJob) throws -> [String] {
        let count = min(workers, job.tasks)
        let paths = (0..<count).map { "\(job.folder)/share-\($0).jsonl" }
        let files = try paths.map { try PartFile(folder: job.folder, name: ($0 as NSString).lastPathComponent) }
        let lines = try LineReader(ByteStream(path: job.manifest), maximumLength: Worker.maximumLength)
        var number = 0
        while let line = try lines.next({ Array($0) }) {
            try files[number % count].append(line + [UInt8(ascii: "\n")])
            number += 1
        }
        for file in files { _ = try file.finish() }
        return paths
    }

    private func start(_ share: String, _ job: EngineJob) throws -> ChildProcess {
        try ChildProcess(
            executable, leadingArguments + ["worker", job.stage, "--run", job.run], input: share,
            output: share + ".answers", errors: job.logs + "/workers", folder: job.folder,
            environment: home.map { ["LIGHTBOX_HOME": $0] } ?? [:])
    }
}

/// What workers said on standard error, a file for each machine.
struct WorkerLogs {
    let folder: String

    private var files: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).map { folder + "/" + $0 }
    }

    /// Whether words stand near the end of any file.
    func say(_ words: String) -> Bool {
        files.contains { file in
            let log = FileManager.default.contents(atPath: file) ?? Data()
            return String(decoding: log.suffix(1 << 16), as: UTF8.self).contains(words)
        }
    }

    /// ` Its last words: …` of the file that was written last; empty when nothing was said.
    var lastWords: String {
        let latest = files.max { Self.time($0) < Self.time($1) }
        guard let latest, let text = FileManager.default.contents(atPath: latest) else { return "" }
        let lines = String(decoding: text.suffix(4096), as: UTF8.self).split(separator: "\n")
        guard let last = lines.last(where: { !$0.allSatisfy(\.isWhitespace) }) else { return "" }
        return " Last words of a worker on \((latest as NSString).lastPathComponent): \(last.prefix(500))"
    }

    private static func time(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 && status.st_size > 0 ? status.modifiedNanoseconds : 0
    }
}
