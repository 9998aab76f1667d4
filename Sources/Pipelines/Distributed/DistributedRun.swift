import Foundation
import LightboxCore

/// The driver of a distributed run: writes the plan, lets an engine work through it, and accepts the result only when every
/// task has exactly one answer and every file is as its worker wrote it.
final class DistributedRun<Work: DistributedWork> {
    private let work: Work
    private let folder: PlanFolder
    private let distribution: Distribution
    private let context: StageContext
    /// Of each task, in order, the hash of its line.
    private var tasks: [ContentHash] = []
    /// Tasks that an earlier run has done.
    private var earlier: Set<Int> = []
    private var entries = 0

    init(_ work: Work, in folder: PlanFolder, over distribution: Distribution, _ context: StageContext) {
        (self.work, self.folder, self.distribution, self.context) = (work, folder, distribution, context)
    }

    /// Plans, runs and verifies.
    ///
    /// - Parameters:
    ///   - total: entries of the input, nil when that is not known before the end.
    ///   - next: the items of the next task, nil at the end.
    /// - Returns: the results in the order of the input, with what earlier runs had written counted as unchanged.
    func results(total: Int?, next: () throws -> [Work.Item]?) throws -> [TaskResult] {
        let waiting = try plan(total: total, next: next)
        if !waiting.isEmpty { try runEngine(waiting) }
        return try tasks.indices.map(verified)
    }

    /// Lists the input into tasks; those that are not done stand in the manifest afterwards.
    private func plan(total: Int?, next: () throws -> [Work.Item]?) throws -> Set<Int> {
        let place = folder.place
        var waiting: Set<Int> = []
        try AtomicFile.write(to: place.manifest) { descriptor in
            while let items = try next() {
                if context.isCancelled() { throw Cancelled(stage: Work.stage, continues: true) }
                let number = tasks.count
                let line = try TaskJSON.line(
                    WorkerTask(stage: Work.stage, number: number, folder: place.path, work: work, items: items))
                let hash = ContentHash(of: line.dropLast())
                tasks.append(hash)
                entries += items.count
                context.progress(ProgressUpdate(stage: "list", completed: entries, total: total))
                if let answer = TaskAnswer(at: place.donePath(number), to: hash), let result = answer.result,
                    result.files.allSatisfy({ $0.stands(in: place.path) })
                {
                    earlier.insert(number)
                    continue
                }
                unlink(place.donePath(number))
                waiting.insert(number)
                try line.withUnsafeBytes { try FileDescriptorIO.writeAll($0, to: descriptor) }
            }
        }
        return waiting
    }

    private func runEngine(_ waiting: Set<Int>) throws {
        let place = folder.place
        var progress = TaskProgress(place: place, tasks: tasks, earlier: earlier)
        let job = EngineJob(
            stage: Work.stage, folder: place.path, manifest: place.manifest, tasks: waiting.count, run: folder.run,
            threads: distribution.threads, plan: plan, logs: place.logs,
            tick: { detail in
                if self.context.isCancelled() {
                    // Workers end by themselves where the engine's word does not reach them.
                    self.folder.withdraw()
                    throw Cancelled(stage: Work.stage, continues: true)
                }
                guard let completed = progress.entriesDone() else { return }
                self.context.progress(
                    ProgressUpdate(stage: Work.stage, completed: completed, total: self.entries, detail: detail))
            },
            missing: {
                progress.look()
                return self.tasks.count - progress.answered
            })
        do {
            try distribution.engine.run(job)
        } catch let goesOn as WorkGoesOn {
            throw goesOn
        } catch {
            folder.withdraw()
            folder.sweep()
            throw error
        }
        folder.sweep()
    }

    private var plan: String {
        ContentHash(of: tasks.map(\.description).joined(separator: "\n").utf8).description
    }

    /// The one answer to a task.
    private func verified(_ number: Int) throws -> TaskResult {
        let place = folder.place
        guard let answer = TaskAnswer(at: place.donePath(number), to: tasks[number]), var result = answer.result
        else {
            let missing = tasks.indices.filter { TaskAnswer(at: place.donePath($0), to: tasks[$0]) == nil }.count
            throw EngineError(
                "\(missing) of \(tasks.count) tasks have no answer, though the engine ended without an error. Run the "
                    + "command again: it goes on with them.")
        }
        if let file = result.files.first(where: { !$0.stands(in: place.path) }) {
            unlink(place.donePath(number))
            throw EngineError(
                "\(file.name) is not there in the size that its worker wrote. Run the command again.")
        }
        if earlier.contains(number) { (result.written, result.unchanged) = (0, result.unchanged + result.written) }
        return result
    }
}

/// Counts what is answered so far.
private struct TaskProgress {
    private let place: RunPlace
    private let tasks: [ContentHash]
    private var counted: Set<Int> = []
    private var entries = 0
    private var last = ContinuousClock.now - .seconds(1)

    init(place: RunPlace, tasks: [ContentHash], earlier: Set<Int>) {
        (self.place, self.tasks) = (place, tasks)
        for number in earlier { count(number) }
    }

    var answered: Int { counted.count }

    /// nil when it was asked less than a second ago.
    mutating func entriesDone() -> Int? {
        guard last.duration(to: .now) >= .seconds(1) else { return nil }
        last = .now
        look()
        return entries
    }

    mutating func look() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? [] {
            guard let number = place.number(ofDone: name), tasks.indices.contains(number),
                !counted.contains(number)
            else { continue }
            count(number)
        }
    }

    private mutating func count(_ number: Int) {
        guard let answer = TaskAnswer(at: place.donePath(number), to: tasks[number]) else { return }
        counted.insert(number)
        entries += answer.result?.entries ?? 0
    }
}

extension StageReport {
    mutating func add(_ result: TaskResult) {
        written += result.written
        unchanged += result.unchanged
        problems += result.problems
    }
}
