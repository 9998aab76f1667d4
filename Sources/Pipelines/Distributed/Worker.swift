import Foundation
public import LightboxCore
import WireFormats

/// Does a stage's tasks as they come, one JSON line each, and answers each with one JSON line.
///
/// Whoever deals the tasks out (Spark, Slurm, a shell) needs nothing else. A task's files get their names when they are
/// whole, and a task that was done before is not done again, so it does no harm to deal one out twice.
public struct Worker: Sendable {
    /// What a worker can be asked for.
    public static let stages = [EmbedWork.stage, RecordsWork.stage, ExportWork.stage, PredictWork.stage]

    /// Bytes of a task's line.
    static let maximumLength = 1 << 28
    public let stage: String
    /// The run that the worker works for; it ends once the run's folder names another. nil: until the input ends.
    public let run: String?
    private let home: WorkerHome

    /// - Parameter home: asked for when a task names objects, which are then mounted in it.
    /// - Throws: ``InputError`` for a stage that is none of ``stages``.
    public init(
        stage: String, run: String? = nil, home: @escaping @Sendable () throws -> Home = { Home(path: "/") }
    ) throws {
        guard Self.stages.contains(stage) else {
            throw InputError(.invalidInput, "a worker does \(Self.stages.joined(separator: ", ")), not \(stage).")
        }
        self.stage = stage
        self.run = run
        self.home = WorkerHome(home)
    }

    /// Reads to the end of the input, whatever happens, since who deals out takes a short answer for a whole one.
    ///
    /// - Parameter complain: told of each task without a result.
    /// - Returns: how many tasks have none.
    public func serve(input: Int32, output: Int32, complain: (String) -> Void) throws -> Int {
        switch stage {
        case EmbedWork.stage: try serve(EmbedWork.self, input, output, complain)
        case RecordsWork.stage: try serve(RecordsWork.self, input, output, complain)
        case ExportWork.stage: try serve(ExportWork.self, input, output, complain)
        default: try serve(PredictWork.self, input, output, complain)
        }
    }

    private func serve<Work: DistributedWork>(
        _: Work.Type, _ input: Int32, _ output: Int32, _ complain: (String) -> Void
    ) throws -> Int {
        var bench = Bench<Work>()
        let lines = LineReader(
            ByteStream(descriptor: input, name: "standard input"), maximumLength: Self.maximumLength)
        var failed = 0
        while let line = try lines.next({ Array($0) }) {
            let start = ContinuousClock.now
            var answer = TaskAnswer(host: ProcessInfo.processInfo.hostName, seconds: 0)
            do {
                try perform(line, on: &bench, start: start, &answer)
            } catch {
                failed += 1
                answer.error = String(describing: error)
                complain("task \(answer.number.map(String.init) ?? "?"): \(error)")
            }
            answer.seconds = (ContinuousClock.now - start) / .seconds(1)
            let bytes = try TaskJSON.line(answer)
            try bytes.withUnsafeBytes { try FileDescriptorIO.writeAll($0, to: output) }
        }
        return failed
    }

    /// The tool of the tasks so far, which the next one mostly needs again.
    private struct Bench<Work: DistributedWork> {
        var work: Work?
        var tool: Work.Tool?

        mutating func tool(for work: Work) throws -> Work.Tool {
            if self.work == work, let tool { return tool }
            let made = try work.makeTool()
            (self.work, tool) = (work, made)
            return made
        }
    }

    private func perform<Work: DistributedWork>(
        _ line: [UInt8], on bench: inout Bench<Work>, start: ContinuousClock.Instant, _ answer: inout TaskAnswer
    ) throws {
        let task: WorkerTask<Work>
        do {
            task = try JSONDecoder().decode(WorkerTask<Work>.self, from: Data(line))
        } catch {
            throw InputError(.invalidInput, "the line is no task of the stage \(stage).")
        }
        guard task.stage == stage, task.number >= 0, task.folder.hasPrefix("/") else {
            throw InputError(.invalidInput, "the line is a task of the stage \(task.stage), not \(stage).")
        }
        let hash = ContentHash(of: line)
        let place = TaskPlace(
            folder: RunPlace(path: task.folder), number: task.number, task: hash, run: run, home: home)
        (answer.number, answer.task) = (task.number, hash)
        if let earlier = TaskAnswer(at: place.done, to: hash), let result = earlier.result,
            result.stands(in: task.folder)
        {
            answer.result = result
            return
        }
        try place.checkWanted()
        let result = try task.work.perform(task.items, with: bench.tool(for: task.work), at: place)
        answer.result = result
        answer.seconds = (ContinuousClock.now - start) / .seconds(1)
        try AtomicFile.write(TaskJSON.line(answer), to: place.done)
    }
}

extension TaskAnswer {
    /// The answer in a file, when it is one to this task.
    init?(at path: String, to task: ContentHash) {
        guard let bytes = FileManager.default.contents(atPath: path),
            let answer = try? JSONDecoder().decode(TaskAnswer.self, from: bytes),
            answer.task == task, answer.result != nil
        else { return nil }
        self = answer
    }
}

extension TaskResult {
    /// Whether every file is there as it was written, to the last byte.
    fileprivate func stands(in folder: String) -> Bool {
        do {
            for file in files { try file.read(in: folder) }
            return true
        } catch {
            return false
        }
    }
}
