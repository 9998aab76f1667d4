import Foundation
import LightboxCore
import Pipelines
import Synchronization
import TestSupport
import Testing

@Suite("Worker: a line in, a line out") struct WorkerTests {
    /// The manifest that a driver wrote for an embedding of the pictures, eight images a task.
    private func manifest(_ folder: String, _ context: StageContext) throws -> String {
        let kept = folder + "/kept.jsonl"
        var distribution = Distribution(
            engine: InProcessEngine(before: {
                try FileManager.default.copyItem(atPath: $0.manifest, toPath: kept)
                throw EngineError("only planned")
            }))
        distribution.imagesPerTask = 8
        var planning = context
        planning.distribution = distribution
        #expect(throws: EngineError.self) {
            try tinyStage().run(
                ImageInput(folder + "/in"), output: .jsonLines(path: folder + "/v.jsonl"), planning)
        }
        return kept
    }

    @Test(
        "Answers every line that is no task, and says how many",
        arguments: ["embed", "records", "export", "predict-set"])
    func hostile(stage: String) throws {
        try withTemporaryFolder { folder in
            let lines = [
                "", "no JSON", "[]", "{}", "null", "\u{0}", "{\"stage\":\"embed\"}",
                "{\"stage\":\"rm -rf\",\"number\":0}",
                #"{"folder":"/tmp","items":[],"number":-1,"stage":"export","work":{}}"#,
                String(repeating: "[", count: 100_000), "\u{1}\\N\t", #"{"number":1e99}"#,
            ]
            let path = folder + "/rows"
            // The last line has no end, and counts.
            try AtomicFile.write(Array(lines.joined(separator: "\n").utf8), to: path)
            let answers = try serve(path, stage: stage)
            #expect(answers.count == lines.count)
            #expect(answers.allSatisfy { $0.error != nil })
        }
    }

    @Test("Knows its stages") func stages() throws {
        #expect(throws: InputError.self) { try Worker(stage: "embed; rm -rf /") }
        for stage in Worker.stages { _ = try Worker(stage: stage) }
    }

    @Test("Does not do again what is done, and does again what was damaged") func idempotent() throws {
        try withHostilePictures { folder, context in
            let rows = try manifest(folder, context)
            let first = try serve(rows, stage: "embed")
            #expect(first.map(\.number) == [0, 1, 2, 3, 4, 5] && first.allSatisfy { $0.error == nil })
            let run = try #require(
                try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasPrefix("lightbox-run") })
            let part = "\(folder)/\(run)/part-0000002.0"
            let good = try Data(contentsOf: URL(fileURLWithPath: part))
            let number = { try FileManager.default.attributesOfItem(atPath: part)[.systemFileNumber] as? Int }
            let before = try number()
            _ = try serve(rows, stage: "embed")
            #expect(try number() == before)
            // Another letter, the same length.
            try Data(good.map { $0 ^ 1 }).write(to: URL(fileURLWithPath: part))
            _ = try serve(rows, stage: "embed")
            #expect(try Data(contentsOf: URL(fileURLWithPath: part)) == good)
        }
    }

    @Test("A file that is gone or changed fails its task: it would else be left out in silence")
    func changedInput() throws {
        try withHostilePictures { folder, context in
            let rows = try manifest(folder, context)
            unlink(folder + "/in/0.png")
            try Data("longer than it was".utf8).write(to: URL(fileURLWithPath: folder + "/in/9.png"))
            let answers = try serve(rows, stage: "embed")
            #expect(answers.filter { $0.error != nil }.map(\.number) == [0, 5])
            #expect(answers[0].error?.contains("same path") == true)
            #expect(answers[5].error?.contains("when the input was listed") == true)
        }
    }

    @Test("Ends when the run's folder names another run") func withdrawn() throws {
        try withHostilePictures { folder, context in
            let rows = try manifest(folder, context)
            let answers = try serve(rows, stage: "embed", run: "an earlier one")
            #expect(answers.count == 6 && answers.allSatisfy { $0.error?.contains("stopped") == true })
        }
    }
}
