import Foundation
import LightboxCore

/// What is to be said, and whether to go on, when an array has ended and tasks are missing.
struct SlurmFailure {
    let run: SlurmRun
    let missing: Int
    let ended: [String: SlurmElement]
    let folder: String
    /// The folder of what workers said.
    let logs: String
    let program: String
    /// The tasks are not dealt out again.
    let isLast: Bool

    /// nil: dealing out again what is missing may bring it.
    var error: EngineError? {
        let job = "job \(SlurmCluster.number(of: run.array))"
        let goesOn = "The same command goes on with the \(missing) tasks that are missing."
        if first({ $0.state == "CANCELLED" || $0.state == "REVOKED" }) != nil {
            return EngineError("\(job) was cancelled (scancel, or an administrator). \(goesOn)")
        }
        if let element = first({ $0.exit == SlurmScript.noFolder || $0.signal == Self.noOutput }) {
            return EngineError(
                "\(element.node) does not see \(folder), which stands beside the output. Name a folder that all nodes "
                    + "see under the same path with --shared-folder.")
        }
        if let element = first({ $0.exit == SlurmScript.noProgram }) {
            return EngineError(
                "there is no \(program) on \(element.node). Install Lightbox where all nodes see it: make install "
                    + "PREFIX=/shared/lightbox.")
        }
        if let element = first({ $0.state == "OUT_OF_MEMORY" }) ?? memoryVictim {
            return EngineError(
                "a worker on \(element.node) needed more memory than its job may have. Give it more with "
                    + "--slurm-memory, or a smaller --batch-size. \(goesOn)",
                kind: .limitExceeded)
        }
        let isStuck = missing >= run.missing
        if isLast || isStuck, first({ $0.state == "TIMEOUT" || $0.state == "DEADLINE" }) != nil {
            return EngineError(
                "\(job) ran out of time. Give it more with --slurm-time, or make tasks smaller with --images-per-task; "
                    + "a task is what is done again. \(goesOn)",
                kind: .limitExceeded)
        }
        let words = WorkerLogs(folder: logs).lastWords
        if isStuck, let element = first({ $0.state == "FAILED" && (1...128).contains($0.exit) }) {
            return EngineError("\(job) did nothing: its workers ended with \(element.exit).\(words)")
        }
        if isStuck, ended.values.allSatisfy({ $0.state == "COMPLETED" }) {
            return EngineError(
                "\(job) ended without an error, and no task has an answer in \(folder). Do all nodes write to the same "
                    + "folder?\(words)")
        }
        guard isLast else { return nil }
        let states = Set(ended.values.map(\.state)).subtracting(["COMPLETED"]).sorted().joined(separator: ", ")
        return EngineError(
            "\(missing) tasks are missing after \(run.round) rounds\(states.isEmpty ? "" : " (\(states))").\(words)"
        )
    }

    /// How a batch script seems to end whose output file cannot be opened.
    private static let noOutput = 53

    private func first(_ isMeant: (SlurmElement) -> Bool) -> SlurmElement? {
        ended.sorted { $0.key < $1.key }.first { isMeant($0.value) }?.value
    }

    /// Where Slurm itself watches the memory, the element fails by SIGKILL, and the log says why.
    private var memoryVictim: SlurmElement? {
        guard let element = first({ $0.state == "FAILED" && $0.signal == SIGKILL }) else { return nil }
        return WorkerLogs(folder: logs).say("exceeded memory limit") ? element : nil
    }
}
