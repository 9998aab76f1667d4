import DICOMStore
import Foundation
import LightboxCore
import ModelRegistry
import Networks
import Pipelines
import Synchronization
import TestSupport
import Testing
import Warehouse

@Suite("Distributed runs") struct DistributedRunTests {
    private func spread(_ context: StageContext, _ images: Int, over engine: any TaskEngine) -> StageContext {
        var spread = context
        var distribution = Distribution(engine: engine)
        distribution.imagesPerTask = images
        spread.distribution = distribution
        return spread
    }

    private func embed(_ folder: String, _ name: String, _ context: StageContext) throws -> StageReport {
        try tinyStage().run(
            ImageInput(folder + "/in"), output: VectorOutput("\(folder)/\(name)"), context
        ).stage
    }

    @Test("Embeds to the same bytes, however the input is cut", arguments: [1, 8, 20, 1000])
    func embeds(images: Int) throws {
        try withHostilePictures { folder, context in
            for form in ["jsonl", "npy", "tfrecord"] {
                var local = try embed(folder, "local/v.\(form)", context)
                let report = try embed(
                    folder, "spread/v.\(form)", spread(context, images, over: InProcessEngine()))
                local.outputs = report.outputs
                #expect(report == local && report.written == 40 && report.problems.count == 2)
            }
            #expect(try contents(of: folder + "/spread") == contents(of: folder + "/local"))
        }
    }

    @Test("Writes the same shards", arguments: [(1, false), (3, false), (3, true), (60, true)])
    func records(shards: Int, compresses: Bool) throws {
        try withHostilePictures { folder, context in
            var stage = RecordsStage()
            (stage.shards, stage.compressesWithGzip) = (shards, compresses)
            let input = ImageInput(folder + "/in")
            let local = try stage.run(input, output: folder + "/local/r", context)
            let report = try stage.run(
                input, output: folder + "/spread/r", spread(context, 5, over: InProcessEngine()))
            #expect(report.written == local.written && report.problems == local.problems)
            #expect(try contents(of: folder + "/spread") == contents(of: folder + "/local"))
        }
    }

    @Test("Exports the same files, and counts what an attempt before had written") func exports() throws {
        try withTemporaryFolder { folder in
            let context = StageContext(home: Home(path: folder + "/home"), threads: 2)
            try context.home.create()
            _ = try PhantomStage(patients: 4, seed: 5).run(output: folder + "/films", context)
            let store = try DICOMCatalog(home: context.home).store(DICOMStoreName("films"), creating: true)
            _ = try ImportStage().run([folder + "/films/**.dcm"], into: { _ in store }, context)
            let local = try ExportStage().run(store, to: folder + "/local", context)
            let killed = InProcessEngine(before: { job in
                _ = try serve(job.manifest, stage: "export", run: job.run)
                for name in try FileManager.default.contentsOfDirectory(atPath: job.folder)
                where name.hasSuffix(".done") {
                    unlink(job.folder + "/" + name)
                }
            })
            let report = try ExportStage().run(store, to: folder + "/spread", spread(context, 3, over: killed))
            #expect(report.written == local.written && report.unchanged == 0)
            #expect(try contents(of: folder + "/spread") == contents(of: folder + "/local"))
            let again = try ExportStage().run(
                store, to: folder + "/spread", spread(context, 3, over: InProcessEngine()))
            #expect(again.written == 0 && again.unchanged == local.written)
        }
    }

    @Test("Predicts the same rows") func predicts() throws {
        try withHostilePictures { folder, context in
            let network = try Network.named("tiny")
            let head = ClassifierHead(classes: 2)
            let manifest = ModelManifest(
                name: "chest", architecture: .network(name: "tiny", input: [32, 32, 3], top: .head(head)),
                preprocessing: network.preprocessing, output: .states(["edema", "effusion"]),
                provenance: .init(lightbox: "0.2", created: Date(timeIntervalSince1970: 0)))
            let weights = NetworkWeights.initial(for: try network.graph(head: head), seed: 6)
            let model = try ModelFolder.write(manifest, weights: weights, to: folder + "/model")
            let stage = PredictSetStage(model: model.path)
            let input = ImageInput(folder + "/in")
            _ = try stage.run(input, table: "one", context)
            let report = try stage.run(input, table: "many", spread(context, 9, over: InProcessEngine()))
            #expect(report.written == 40 && report.problems.count == 2)
            let warehouse = try Warehouse(path: context.home.warehouse)
            let rows = try ["one", "many"].map { try warehouse.query("SELECT * FROM \($0) ORDER BY rowid").rows }
            #expect(rows[0] == rows[1] && rows[0].count == 40)
        }
    }

    @Test("Accepts nothing before every task is answered, and goes on with what is there") func missingAnswers()
        throws
    {
        try withHostilePictures { folder, context in
            let local = try embed(folder, "local/v.jsonl", context)
            let loses = InProcessEngine(after: { unlink($0.folder + "/task-0000003.done") })
            #expect(throws: EngineError.self) {
                try embed(folder, "spread/v.jsonl", spread(context, 8, over: loses))
            }
            #expect(!FileManager.default.fileExists(atPath: folder + "/spread/v.jsonl"))
            let tasks = Mutex(0)
            let counts = InProcessEngine(before: { job in tasks.withLock { $0 = job.tasks } })
            let report = try embed(folder, "spread/v.jsonl", spread(context, 8, over: counts))
            #expect(tasks.withLock { $0 } == 1)
            #expect(report.unchanged > 0 && report.written + report.unchanged == local.written)
            #expect(try contents(of: folder + "/spread") == contents(of: folder + "/local"))
        }
    }

    @Test("A part that is not what its worker wrote is refused, and done anew") func damagedPart() throws {
        try withHostilePictures { folder, context in
            let damages = InProcessEngine(after: { job in
                let part = URL(fileURLWithPath: job.folder + "/part-0000001.0")
                try Data(Data(contentsOf: part).map { $0 ^ 1 }).write(to: part)
            })
            #expect(throws: InputError.self) {
                try embed(folder, "spread/v.jsonl", spread(context, 8, over: damages))
            }
            #expect(!FileManager.default.fileExists(atPath: folder + "/spread/v.jsonl"))
            _ = try embed(folder, "spread/v.jsonl", spread(context, 8, over: InProcessEngine()))
            _ = try embed(folder, "local/v.jsonl", context)
            #expect(try contents(of: folder + "/spread") == contents(of: folder + "/local"))
        }
    }

    @Test("One driver at a time, and a cancelled one leaves no half files") func drivers() throws {
        try withHostilePictures { folder, context in
            let second = InProcessEngine(before: { _ in
                #expect(throws: InputError.self) {
                    try embed(folder, "spread/v.jsonl", spread(context, 8, over: InProcessEngine()))
                }
            })
            _ = try embed(folder, "spread/v.jsonl", spread(context, 8, over: second))
            let isCancelled = Mutex(false)
            var cancelled = spread(
                context, 8,
                over: InProcessEngine(before: { job in
                    try Data().write(to: URL(fileURLWithPath: job.folder + "/.part-0000001.0.77.AB.part"))
                    isCancelled.withLock { $0 = true }
                }))
            cancelled.isCancelled = { isCancelled.withLock { $0 } }
            #expect(throws: Cancelled.self) { try embed(folder, "other/v.jsonl", cancelled) }
            let left = try #require(FileManager.default.enumerator(atPath: folder + "/other")).compactMap {
                $0 as? String
            }
            #expect(!left.contains { $0.hasSuffix(".part") || $0.hasSuffix("/run") || $0.hasSuffix("v.jsonl") })
        }
    }
}

@Suite("Worker processes") struct ProcessEngineTests {
    /// `lightbox` as it was built with these tests.
    static let program: String = {
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let beside = tests.deletingLastPathComponent().path + "/lightbox"
        return FileManager.default.isExecutableFile(atPath: beside)
            ? beside : repositoryRoot + "/.build/release/lightbox"
    }()

    private func run(_ script: String, _ body: (String, StageContext, ProcessEngine) throws -> Void) throws {
        try withHostilePictures { folder, context in
            let path = folder + "/worker.sh"
            let text = "#!/bin/bash\nL='\(Self.program)'\nM='\(folder)/mark'\n\(script)\n"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            chmod(path, 0o755)
            try body(folder, context, ProcessEngine(workers: 2, executable: path))
        }
    }

    @Test(
        "The same bytes, also when a worker is killed or loses what it was given",
        arguments: [
            "exec \"$L\" \"$@\"",
            // Dies by a signal in the middle of its rows, once.
            "if mkdir \"$M\" 2>/dev/null; then head -n 1 | \"$L\" \"$@\"; kill -9 $$; fi; exec \"$L\" \"$@\"",
            "if mkdir \"$M\" 2>/dev/null; then exit 3; fi; exec \"$L\" \"$@\"",
        ])
    func sameBytes(script: String) throws {
        try run(script) { folder, context, engine in
            try embed(folder, "local", context, nil)
            try embed(folder, "spread", context, engine)
            #expect(try contents(of: folder + "/spread") == contents(of: folder + "/local"))
        }
    }

    @Test("Says the last words of a worker that never works") func failing() throws {
        try run("echo 'no such library' >&2; exit 127") { folder, context, engine in
            let error = #expect(throws: EngineError.self) { try embed(folder, "spread", context, engine) }
            #expect(error?.description.contains("no such library") == true)
        }
    }

    @Test("A worker that says all is well without having done it is found out") func lying() throws {
        try run("cat >/dev/null; exit 0") { folder, context, engine in
            let error = #expect(throws: EngineError.self) { try embed(folder, "spread", context, engine) }
            #expect(error?.description.contains("6 of 6 tasks have no answer") == true)
        }
    }
}

@Suite("Spark's failures in a sentence") struct SparkFailureTests {
    @Test(arguments: [
        (
            "26/01/01 ERROR StandaloneSchedulerBackend: All masters are unresponsive! Giving up.", "",
            "no Spark master"
        ),
        ("JAVA_HOME is not set", "", "Install Java"),
        (
            "org.apache.spark.SparkException: Subprocess exited with status 127. Error: x",
            "lightbox: libpng: cannot open",
            "status 127). Last words of a worker on node7: lightbox: libpng: cannot open"
        ),
        ("line one\njava.io.IOException: disk full\nat java.base", "", "java.io.IOException: disk full"),
        ("", "", "Spark said nothing"),
    ])
    func sentence(log: String, worker: String, expected: String) throws {
        try withTemporaryFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/logs", withIntermediateDirectories: true)
            try log.write(toFile: folder + "/spark.log", atomically: true, encoding: .utf8)
            try worker.write(toFile: folder + "/logs/node7", atomically: true, encoding: .utf8)
            let failure = SparkFailure(
                log: folder + "/spark.log", logs: folder + "/logs", master: "spark://h:7077")
            #expect(failure.error.description.contains(expected))
        }
    }

    @Test(
        "A master that is not there, or is none", arguments: ["spark://127.0.0.1:1", "spark://", "spark://a b:x"])
    func master(address: String) {
        #expect(throws: EngineError.self) { try SparkEngine(master: address, cacheFolder: "/tmp").check() }
    }
}
