import Foundation
import LightboxCore

/// A stage's share of the work that a machine of its own can do: settings, and what to do with some of the items.
protocol DistributedWork: Codable, Equatable, Sendable {
    /// What the worker is told to do, and what reports call it.
    static var stage: String { get }
    associatedtype Item: Codable & Sendable
    /// What is made once for many tasks, such as a compiled network.
    associatedtype Tool

    func makeTool() throws -> Tool
    /// Does one task.
    ///
    /// - Parameter place: where the task's files go, and when to stop.
    func perform(_ items: [Item], with tool: Tool, at place: TaskPlace) throws -> TaskResult
}

/// One line of the manifest: all that a worker has to know.
struct WorkerTask<Work: DistributedWork>: Codable, Sendable {
    var stage: String
    /// From 0, in the order of the input.
    var number: Int
    /// The run's folder, which every worker sees.
    var folder: String
    var work: Work
    var items: [Work.Item]
}

/// What a task brought.
struct TaskResult: Codable, Sendable {
    /// In the run's folder; of an export: absolute, at their final places.
    var files: [HashedFile] = []
    var entries = 0
    var written = 0
    var unchanged = 0
    var problems: [StageReport.Problem] = []
    /// Of the first image that was written.
    var firstKey: InstanceKey?
}

/// A worker's line about a task; the file `task-….done` holds the same.
struct TaskAnswer: Codable, Sendable {
    var number: Int?
    /// SHA-256 of the task's line: an answer to another question is none.
    var task: ContentHash?
    var result: TaskResult?
    /// Why there is no result.
    var error: String?
    var host: String
    var seconds: Double
}

/// Where one task's files are, and whether the run is still wanted.
struct TaskPlace: Sendable {
    let folder: RunPlace
    let number: Int
    let task: ContentHash
    /// nil: nobody withdraws the run.
    let run: String?
    let home: WorkerHome

    var done: String { folder.donePath(number) }

    func part(_ file: Int) throws -> PartFile {
        try PartFile(folder: folder.path, name: folder.partName(number, file))
    }

    /// - Throws: ``Cancelled`` once the driver has withdrawn the run, or another has taken its place.
    func checkWanted() throws {
        guard let run, folder.currentRun != run else { return }
        throw Cancelled(stage: "worker", continues: true)
    }
}

/// The names in a run's folder.
struct RunPlace: Sendable, Hashable {
    let path: String

    var manifest: String { path + "/manifest.jsonl" }
    /// Says which run the workers work for.
    var runFile: String { path + "/run" }
    var logs: String { path + "/logs" }
    var currentRun: String? { try? String(contentsOfFile: runFile, encoding: .utf8) }

    func partName(_ number: Int, _ file: Int) -> String { "part-\(digits(number)).\(file)" }
    func donePath(_ number: Int) -> String { path + "/task-\(digits(number)).done" }
    /// The number in the name of a `.done` file; nil for other names.
    func number(ofDone name: String) -> Int? {
        guard name.hasPrefix("task-"), name.hasSuffix(".done") else { return nil }
        return Int(name.dropFirst("task-".count).dropLast(".done".count))
    }

    private func digits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 7 - text.count)) + text
    }
}

/// JSON on one line, the same bytes for the same value, and without any control character.
enum TaskJSON {
    static func line(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    }
}
