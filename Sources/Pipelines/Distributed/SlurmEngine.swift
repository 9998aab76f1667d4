import Foundation
import LightboxCore
import WireFormats

/// Workers as the elements of a Slurm job array: each gets some lines of the manifest.
///
/// What is done stands in the run's folder, so the array may lose elements, nodes or its driver: what is missing is dealt
/// out again in an array of its own, and a driver that comes later goes on with the jobs of the one before.
public struct SlurmEngine: TaskEngine {
    public var partition: String?
    public var account: String?
    /// As `sbatch --time` has it, for each element.
    public var time: String?
    /// As `sbatch --mem` has it, for each element.
    public var memory: String?
    /// Further options of `sbatch`, without the dashes: `qos=long`.
    public var options: [String] = []
    /// Elements at work at once; nil: as many as Slurm lets.
    public var workers: Int?
    /// Threads of each worker.
    public var threads = 1
    /// Ends when the jobs are submitted: the last of them is this command again.
    public var detaches = false
    /// What that command has on its command line, without the program.
    public var arguments: [String] = []
    /// The home that workers are given.
    public var home: String
    /// The program, which every node sees; this one unless told.
    public var executable = "/proc/self/exe"

    /// The folder of Slurm's programs; nil: where the `PATH` finds them.
    public var programs: String?

    /// How long the run's folder may not show what nodes have written there: an NFS client takes a minute at most.
    public var patience = Duration.seconds(65)

    /// Tasks are dealt out this often.
    private static let rounds = 4
    /// Elements of an array at most: more would only mean more starts.
    private static let elements = 1000
    /// What the engine itself says to `sbatch`.
    private static let own: Set<String> = [
        "array", "a", "dependency", "d", "output", "o", "error", "e", "parsable", "test-only", "wrap", "hold", "H",
        "wait", "W", "chdir", "D",
    ]

    public init(home: String) { self.home = home }

    /// The options of this engine that it sets itself, of those given.
    public var misplacedOptions: [String] {
        options.filter { Self.own.contains(String($0.prefix { $0 != "=" })) }
    }

    public func check() throws {
        let cluster = SlurmCluster(programs: programs)
        _ = try cluster.maxArraySize()
        try cluster.check(common)
    }

    /// For every job.
    private var common: [String] {
        var common = ["--nodes=1", "--ntasks=1", "--cpus-per-task=\(threads)", "--requeue"]
        if let partition { common.append("--partition=" + partition) }
        if let account { common.append("--account=" + account) }
        if let time { common.append("--time=" + time) }
        if let memory { common.append("--mem=" + memory) }
        return common + options.map { "--" + $0 }
    }

    // MARK: Going on

    private var isFinishing: String? { ProcessInfo.processInfo.environment[SlurmRun.finishing] }

    public func takeOver(_ folder: String) throws -> String? {
        let standing = SlurmRun(in: folder)
        let isWanted = standing.map { RunPlace(path: folder).currentRun == $0.run } ?? false
        if let isFinishing {
            guard isWanted, standing?.run == isFinishing else {
                throw EngineError("another command has begun this output anew since.", kind: .conflict)
            }
            return isFinishing
        }
        guard isWanted, var standing else { return nil }
        let cluster = SlurmCluster(programs: programs)
        guard let elements = try cluster.elements(of: standing.array),
            let ends = try standing.finish.map(cluster.elements) ?? []
        else {
            throw EngineError(
                "Slurm's controller does not answer, and its job \(standing.array) may be at work here.")
        }
        if let finish = standing.finish, let end = ends.first(where: \.isLive) {
            guard end.state == "PENDING" else {
                throw EngineError("job \(finish) is putting this output together. Wait for it.", kind: .conflict)
            }
            guard !detaches else {
                throw EngineError(
                    "job \(standing.array) works on this output already, and job \(finish) is to end it. Without "
                        + "--detach this command waits for them.",
                    kind: .conflict)
            }
            try cluster.cancel(finish)
            standing.finish = nil
            try standing.save(in: folder)
        }
        return elements.contains(where: \.isLive) ? standing.run : nil
    }

    // MARK: Running

    public func run(_ job: EngineJob) throws {
        guard !job.folder.contains("\\") else {
            throw EngineError(
                "Slurm does not write to \(job.folder), because of the backslash. Name another folder that all nodes "
                    + "see with --shared-folder.", kind: .invalidInput)
        }
        var round = 1
        if let standing = SlurmRun(in: job.folder), standing.run == job.run {
            if standing.plan == job.plan {
                try finishRound(standing, job)
            } else {
                try end(standing.array)
            }
            // With other settings it is another run; what a job ends goes on counting, so that there is an end.
            if standing.plan == job.plan || isFinishing != nil { round = standing.round + 1 }
        }
        while round <= Self.rounds, job.missing() > 0 {
            let next = try submit(round, job)
            if detaches { throw try detached(next, job) }
            try finishRound(next, job)
            round += 1
        }
        try job.tick(nil)
    }

    private func submit(_ round: Int, _ job: EngineJob) throws -> SlurmRun {
        let cluster = SlurmCluster(programs: programs) { try job.tick("submitting") }
        let manifest = "\(job.folder)/array-\(job.run.prefix(8))-\(round).jsonl"
        let missing = try Self.writeUnanswered(of: job, to: manifest)
        let most = min(try cluster.maxArraySize(), Self.elements)
        let share = (missing + most - 1) / most
        let count = (missing + share - 1) / share
        let script = SlurmScript(
            worker: job.stage, run: job.run, manifest: manifest, share: share, program: program, home: home)
        let path = job.folder + "/element.sh"
        try AtomicFile.write(Array(script.text.utf8), to: path)
        let log = job.logs.replacing("%", with: "%%") + "/%N"
        let array = try cluster.submit(
            path,
            common + [
                "--array=0-\(count - 1)" + (workers.map { "%\($0)" } ?? ""), "--job-name=lightbox-\(job.stage)",
                "--chdir=/", "--output=" + log, "--open-mode=append",
            ])
        let run = SlurmRun(run: job.run, plan: job.plan, round: round, missing: missing, array: array)
        try run.save(in: job.folder)
        return run
    }

    private var program: String { URL(fileURLWithPath: executable).resolvingSymlinksInPath().path }

    /// The lines of the manifest that have no answer, in a file that stays as it is while elements read it.
    private static func writeUnanswered(of job: EngineJob, to path: String) throws -> Int {
        struct Numbered: Decodable { let number: Int }
        let place = RunPlace(path: job.folder)
        let lines = try LineReader(ByteStream(path: job.manifest), maximumLength: Worker.maximumLength)
        var count = 0
        try AtomicFile.write(to: path) { descriptor in
            while let line = try lines.next({ Array($0) }) {
                let number = try JSONDecoder().decode(
                    Numbered.self, from: Data(line)
                ).number
                if TaskAnswer(at: place.donePath(number), to: ContentHash(of: line)) != nil { continue }
                count += 1
                try (line + [UInt8(ascii: "\n")]).withUnsafeBytes {
                    try FileDescriptorIO.writeAll($0, to: descriptor)
                }
            }
        }
        return count
    }

    /// Submits the job that ends the run. It is held until everything is noted that it will look for.
    private func detached(_ run: SlurmRun, _ job: EngineJob) throws -> WorkGoesOn {
        var run = run
        let cluster = SlurmCluster(programs: programs) { try job.tick("submitting") }
        let script = SlurmScript(
            finish: job.run, arguments: arguments, program: program,
            directory: FileManager.default.currentDirectoryPath, home: home)
        let path = job.folder + "/finish.sh"
        try AtomicFile.write(Array(script.text.utf8), to: path)
        let log = job.folder + ".log"
        if run.round == 1 { unlink(log) }
        let finish = try cluster.submit(
            path,
            common + [
                "--hold", "--dependency=afterany:" + SlurmCluster.number(of: run.array),
                "--job-name=lightbox-finish", "--chdir=/", "--output=" + log.replacing("%", with: "%%"),
                "--open-mode=append",
            ])
        run.finish = finish
        try run.save(in: job.folder)
        try cluster.release(finish)
        return WorkGoesOn(stage: job.stage, job: run.array, finish: finish, log: log)
    }

    /// Waits for the array and looks at what it has done.
    ///
    /// - Throws: ``EngineError`` when dealing out again what is missing would bring nothing.
    private func finishRound(_ run: SlurmRun, _ job: EngineJob) throws {
        var watch = SlurmWatch(job: run.array, programs: programs, patience: patience)
        do {
            try watch.waitForEnd(job)
        } catch {
            try? end(run.array)
            throw error
        }
        let missing = job.missing()
        guard missing > 0 else { return }
        let failure = SlurmFailure(
            run: run, missing: missing, ended: watch.ended, folder: job.folder, logs: job.logs, program: program,
            isLast: run.round >= Self.rounds)
        if let error = failure.error { throw error }
    }

    /// Cancels a job and waits until its workers are gone, which Slurm makes sure of after half a minute.
    private func end(_ array: String) throws {
        let cluster = SlurmCluster(programs: programs)
        try cluster.cancel(array)
        let start = ContinuousClock.now
        while start.duration(to: .now) < .seconds(60),
            try cluster.elements(of: array)?.contains(where: \.isLive) != false
        {
            usleep(300_000)
        }
    }
}
