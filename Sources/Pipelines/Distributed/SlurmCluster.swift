import Foundation
import LightboxCore

/// Slurm's own programs, and what is read out of their answers. Nothing here needs an accounting database.
struct SlurmCluster {
    /// The folder of the programs; nil: where the `PATH` finds them.
    var programs: String?
    /// Called while a program takes its time; may throw.
    var tick: () throws -> Void = {}

    private func answer(of program: String, _ arguments: [String]) throws -> ProgramAnswer {
        var environment = ["LC_ALL": "C"]
        if let programs {
            environment["PATH"] = programs + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        }
        return try ProgramAnswer(of: program, arguments, environment: environment, while: tick)
    }

    /// The most elements of an array.
    ///
    /// - Throws: ``EngineError`` when no controller answers.
    func maxArraySize() throws -> Int {
        let answer = try answer(of: "scontrol", ["show", "config"])
        guard answer.status == 0 else {
            throw EngineError("Slurm's controller does not answer: \(Self.words(answer))", kind: .notFound)
        }
        let line = answer.output.split(separator: "\n").first { $0.hasPrefix("MaxArraySize") }
        let size = line?.split(separator: "=").last.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) }
        guard let size, size > 0 else {
            throw EngineError("this Slurm takes no job arrays (MaxArraySize is 0).", kind: .unsupported)
        }
        return size
    }

    /// What `sbatch` would say of a job with these options, without making one.
    func check(_ options: [String]) throws {
        let script = FileManager.default.temporaryDirectory.path + "/lightbox-slurm-" + UUID().uuidString
        try AtomicFile.write(Array("#!/bin/sh\n".utf8), to: script)
        defer { unlink(script) }
        let answer = try answer(of: "sbatch", ["--test-only"] + options + [script])
        guard answer.status == 0 else {
            throw EngineError("Slurm takes no such job: \(Self.words(answer))", kind: .invalidInput)
        }
    }

    /// - Returns: the job's number, with `;CLUSTER` behind it where Slurm names one.
    func submit(_ script: String, _ options: [String]) throws -> String {
        let answer = try answer(of: "sbatch", ["--parsable"] + options + [script])
        let name = answer.output.trimmingCharacters(in: .whitespacesAndNewlines)
        guard answer.status == 0, Int(name.prefix { $0 != ";" }) != nil else {
            throw EngineError("sbatch: \(Self.words(answer))", kind: .invalidInput)
        }
        return name
    }

    /// The elements of a job, as far as the controller remembers them; nil when it does not answer now.
    func elements(of job: String) throws -> [SlurmElement]? {
        let answer = try answer(
            of: "scontrol", Self.cluster(of: job) + ["--oneliner", "show", "job", Self.number(of: job)])
        guard answer.status != 0 else { return SlurmElement.read(answer.output) }
        return answer.errors.contains("Invalid job id") ? [] : nil
    }

    /// A job that has ended is no error.
    func cancel(_ job: String) throws {
        _ = try answer(of: "scancel", Self.cluster(of: job) + ["--quiet", Self.number(of: job)])
    }

    /// Lets a job begin that was submitted with `--hold`.
    func release(_ job: String) throws {
        let answer = try answer(of: "scontrol", Self.cluster(of: job) + ["release", Self.number(of: job)])
        guard answer.status == 0 else { throw EngineError("scontrol release: \(Self.words(answer))") }
    }

    static func number(of job: String) -> String { String(job.prefix { $0 != ";" }) }

    private static func cluster(of job: String) -> [String] {
        job.firstIndex(of: ";").map { ["--clusters=" + job[job.index(after: $0)...]] } ?? []
    }

    /// The first line that says something, without the program's name.
    private static func words(_ answer: ProgramAnswer) -> String {
        if answer.status == 127 {
            return "it is not on the PATH. Run this on a machine that submits jobs, or load Slurm's module."
        }
        let lines = (answer.errors + answer.output).split(separator: "\n").map(String.init)
        let said = lines.map { line in
            ["sbatch: ", "scontrol: ", "error: ", "fatal: "].reduce(line) {
                $0.hasPrefix($1) ? String($0.dropFirst($1.count)) : $0
            }
        }
        return said.isEmpty ? "it said nothing (status \(answer.status))." : said.prefix(3).joined(separator: ". ")
    }
}

/// One element of a job array, or several that wait together.
package struct SlurmElement: Equatable {
    /// Slurm's own number of it.
    package let job: String
    /// `PENDING`, `RUNNING`, `OUT_OF_MEMORY` and so on.
    package let state: String
    /// Why it waits or ended.
    package let reason: String
    /// What its script ended with, and the signal that ended it.
    package let exit: Int
    package let signal: Int
    package let node: String
    /// Elements, where those that wait are told of in one line.
    package let count: Int

    private static let ended: Set<String> = [
        "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED",
        "REVOKED", "TIMEOUT",
    ]

    package var isLive: Bool { !Self.ended.contains(state) && !isHeldForGood }
    /// Slurm could not start it and will not try again by itself.
    package var isHeldForGood: Bool { reason.contains("launch_failed") || reason.contains("launch failed") }

    /// - Parameter text: of `scontrol --oneliner show job`: `JobId=12 ArrayTaskId=3 … JobState=RUNNING Reason=None …`.
    package static func read(_ text: String) -> [SlurmElement] {
        text.split(separator: "\n").compactMap { line -> SlurmElement? in
            // The first of a name: what a user chose (names, paths) stands behind those that are read here.
            var values: [Substring: Substring] = [:]
            for word in line.split(separator: " ") {
                guard let equals = word.firstIndex(of: "=") else { continue }
                let name = word[..<equals]
                if values[name] == nil { values[name] = word[word.index(after: equals)...] }
            }
            guard let job = values["JobId"], let state = values["JobState"] else { return nil }
            let codes = (values["ExitCode"] ?? "0:0").split(separator: ":").map { Int($0) ?? 0 }
            let waits = values["ArrayTaskId"].map(count)
            return SlurmElement(
                job: String(job), state: String(state), reason: String(values["Reason"] ?? "None"),
                exit: codes.first ?? 0, signal: codes.count > 1 ? codes[1] : 0,
                node: String(values["NodeList"] ?? ""), count: waits ?? 1)
        }
    }

    /// Of `7`, `5-99%10` or `1,4-6`.
    private static func count(_ indices: Substring) -> Int {
        indices.prefix { $0 != "%" }.split(separator: ",").reduce(0) { sum, part in
            let ends = part.split(separator: "-").map { min(Int($0) ?? 0, 1 << 32) }
            return sum + (ends.count == 2 && ends[1] >= ends[0] ? ends[1] - ends[0] + 1 : 1)
        }
    }
}
