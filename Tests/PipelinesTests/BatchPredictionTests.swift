import Catalog
import Foundation
import LightboxCore
import Pipelines
import Synchronization
import TestSupport
import Testing
import WireFormats

private final class Flag: Sendable {
    private let state = Mutex(false)
    var isRaised: Bool { state.withLock { $0 } }
    func raise() { state.withLock { $0 = true } }
}

/// Doubles the number under `x` of a line, and gives a record's length; refuses a record that says "bad".
private final class Doubler: BatchModel {
    let calls = Mutex(0)
    let onCall: @Sendable (Int) throws -> Void

    init(onCall: @escaping @Sendable (Int) throws -> Void = { _ in }) { self.onCall = onCall }

    func predict(_ instances: [BatchInstance]) async throws -> [BatchAnswer] {
        let call = calls.withLock { calls in
            calls += 1
            return calls
        }
        try onCall(call)
        return try instances.map { instance in
            switch instance {
            case .record(let bytes):
                if bytes.array == Array("bad".utf8) { throw InputError(.invalidInput, "It is 'bad'.") }
                return .prediction(Array("{\"length\": \(bytes.count)}".utf8))
            case .line(let line):
                guard let value = try? JSONValue(parsing: line) else { return .failure("This is not JSON.") }
                guard let x = value["x"]?.integer else { return .failure("There is no x.") }
                return .prediction(Array("{\"x\": \(2 * x)}".utf8))
            }
        }
    }
}

@Suite("Batch prediction") struct BatchPredictionTests {
    private func write(_ text: String, to path: String) throws {
        let folder = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    private func lines(_ folder: String, _ name: String = BatchPrediction.resultsName) throws -> [String] {
        try String(contentsOfFile: folder + "/" + name, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private func stage(batchSize: Int) -> BatchPrediction {
        var stage = BatchPrediction(format: .json, inputs: ["gs://b/in"], output: "gs://b/out")
        stage.batchSize = batchSize
        return stage
    }

    private func with(_ body: (StageContext, String) async throws -> Void) async throws {
        try await withAsyncTemporaryFolder { folder in
            let home = Home(path: folder + "/home")
            try home.create()
            try await body(StageContext(home: home, threads: 2), home.buckets + "/b")
        }
    }

    @Test("Predicts each line of all files that match, in order, and counts what it leaves out") func json()
        async throws
    {
        try await with { context, bucket in
            try write("{\"x\": 1}\n\n{\"y\": 1}\n{\"x\": 2}\r\nnot JSON\n", to: bucket + "/in/a.json")
            try write("{\"x\": 3}\n{\"z\": 1}", to: bucket + "/in/deep/b.json")
            try write("{\"x\": 9}\n", to: bucket + "/in/c.txt")
            var stage = BatchPrediction(
                format: .json, inputs: ["gs://b/in/**.json", "gs://b/in/a.json"], output: "gs://b/out.txt/")
            stage.batchSize = 2
            var commits: [BatchPrediction.Progress] = []
            let report = try await stage.run(Doubler(), identity: "d", context) { commits.append($0) }
            #expect(report.written == 3 && report.problems.count == 3)
            #expect(try lines(bucket + "/out.txt") == ["{\"x\": 2}", "{\"x\": 4}", "{\"x\": 6}"])
            #expect(
                try lines(bucket + "/out.txt", BatchPrediction.errorsName)
                    == ["('There is no x.', 2)", "('This is not JSON.', 1)"])
            #expect(commits.first?.total == 6 && commits.last?.predicted == 3)
            #expect(
                report.problems.map(\.source)
                    == ["a.json:3", "a.json:5", "b.json:2"].map { name in
                        bucket + (name.hasPrefix("a") ? "/in/" : "/in/deep/") + name
                    })
            #expect(try FileManager.default.contentsOfDirectory(atPath: bucket + "/out.txt").count == 2)
        }
    }

    @Test("Reads TFRecords, plain and gzip; damage costs what it hit") func records()
        async throws
    {
        try await with { context, bucket in
            try FileManager.default.createDirectory(atPath: bucket, withIntermediateDirectories: true)
            var bytes: [UInt8] = []
            for text in ["one", "bad", "three", "fourth"] { bytes += TFRecordWriter.framed(Array(text.utf8)) }
            bytes[16 + 3 + 12] ^= 1  // within "bad"
            try Data(bytes).write(to: URL(fileURLWithPath: bucket + "/a.tfrecord"))
            let writer = try TFRecordWriter(path: bucket + "/b.tfrecord.gz", compression: .gzip)
            for text in ["1234567", "bad"] { try writer.append(Array(text.utf8)) }
            try writer.finish()
            var stage = BatchPrediction(
                format: .tfRecordGzip, inputs: ["gs://b/*.tfrecord*"], output: "gs://b/out")
            let report = try await stage.run(Doubler(), identity: "d", context)
            #expect(report.written == 4 && report.problems.count == 2)
            #expect(try lines(bucket + "/out") == [3, 5, 6, 7].map { "{\"length\": \($0)}" })
            let errors = try lines(bucket + "/out", BatchPrediction.errorsName)
            #expect(errors.contains("(\"It is 'bad'.\", 1)"))
            stage.inputs = ["gs://b/none*"]
            await #expect(throws: HomeError.self) { try await stage.run(Doubler(), identity: "d", context) }
        }
    }

    @Test("A run that stops goes on, and every record is in the results once") func resumes() async throws {
        try await with { context, bucket in
            let numbers = (0..<200).map { $0 % 10 == 3 ? "{}" : "{\"x\": \($0)}" }
            try write(numbers.joined(separator: "\n"), to: bucket + "/in")
            let stage = stage(batchSize: 7)
            let isCancelled = Flag()
            var changed = context
            changed.isCancelled = { isCancelled.isRaised }
            let stopping = changed
            let stops = Doubler { if $0 == 12 { isCancelled.raise() } }
            let error = await #expect(throws: Cancelled.self) {
                try await stage.run(stops, identity: "d", stopping)
            }
            #expect(
                error != nil
                    && !FileManager.default.fileExists(atPath: bucket + "/out/" + BatchPrediction.resultsName))
            // As after a kill: bytes behind the last commit.
            let part = bucket + "/out/" + BatchPrediction.resultsName + ".part"
            let handle = try #require(FileHandle(forWritingAtPath: part))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("{\"x\": half".utf8))
            try handle.close()
            let goesOn = Doubler()
            let report = try await stage.run(goesOn, identity: "d", context)
            #expect(report.written == 180 && report.problems.count == 20)
            #expect(goesOn.calls.withLock { $0 } < 200 / 7)
            let expected = (0..<200).filter { $0 % 10 != 3 }.map { "{\"x\": \(2 * $0)}" }
            #expect(try lines(bucket + "/out") == expected)
            #expect(try lines(bucket + "/out", BatchPrediction.errorsName) == ["('There is no x.', 20)"])
        }
    }

    @Test("A part that another model wrote is thrown away") func otherModel() async throws {
        try await with { context, bucket in
            try write((0..<20).map { "{\"x\": \($0)}" }.joined(separator: "\n"), to: bucket + "/in")
            let stage = stage(batchSize: 1)
            var changed = context
            changed.isCancelled = { true }
            let stopping = changed
            await #expect(throws: Cancelled.self) {
                try await stage.run(Doubler(), identity: "a", stopping)
            }
            _ = try await stage.run(Doubler(), identity: "b", context)
            #expect(try lines(bucket + "/out").count == 20)
            try stage.discardPart(home: context.home)
        }
    }

    @Test("A broken machine ends the job; the model's refusal does not") func failures() async throws {
        try await with { context, bucket in
            try write("{\"x\": 1}\n{\"x\": 2}\n", to: bucket + "/in")
            let stage = BatchPrediction(format: .json, inputs: ["gs://b/in"], output: "gs://b/out")
            let broken = Doubler { _ in throw FileFailure(path: "model", errno: ENOMEM) }
            await #expect(throws: FileFailure.self) { try await stage.run(broken, identity: "d", context) }
            let refuses = Doubler { if $0 <= 2 { throw InputError(.invalidInput, "No.") } }
            let report = try await stage.run(refuses, identity: "d", context)
            #expect(report.written == 1 && report.problems.map(\.reason) == ["No."])
        }
    }
}

@Suite("Working through the queue") struct JobRunnerTests {
    private func with(_ body: (ModelCatalog, StageContext) async throws -> Void) async throws {
        try await withAsyncTemporaryFolder { folder in
            let home = Home(path: folder + "/home")
            let catalog = try ModelCatalog(home: home)
            try FileManager.default.createDirectory(atPath: home.buckets + "/b", withIntermediateDirectories: true)
            let lines = (0..<50).map { $0 == 7 ? "{}" : "{\"x\": \($0)}" }
            try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: home.buckets + "/b/in"))
            var work = PredictionWork(
                target: .folder("/model"), format: .text, inputs: ["gs://b/in"], output: "gs://b/out")
            work.batchSize = 4
            try catalog.createJob("job", .prediction(work))
            try await body(catalog, StageContext(home: home, threads: 2))
        }
    }

    private func runner(_ catalog: ModelCatalog, _ model: any BatchModel) -> JobRunner {
        JobRunner(catalog: catalog, openModel: { _ in model }, train: { _, _ in })
    }

    private func results(_ catalog: ModelCatalog) throws -> [String] {
        let path = catalog.home.buckets + "/b/out/" + BatchPrediction.resultsName
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test("A job succeeds with its counts and its log") func succeeds() async throws {
        try await with { catalog, context in
            let job = try await runner(catalog, Doubler()).runNext(context)
            #expect(job?.state == .succeeded)
            #expect(job?.progress.completed == 49 && job?.progress.errors == 1 && job?.progress.total == 50)
            #expect(try results(catalog).count == 49)
            let log = try catalog.log(of: "job")
            #expect(log.contains { $0.severity == .warning && $0.text.hasSuffix("/in:8: There is no x.") })
            #expect(try await runner(catalog, Doubler()).runNext(context) == nil)
        }
    }

    @Test("A server that ends gives its job back, and the next goes on") func givesBack() async throws {
        try await with { catalog, context in
            let isStopping = Flag()
            var changed = context
            changed.isCancelled = { isStopping.isRaised }
            let stopping = changed
            let stops = Doubler { if $0 == 5 { isStopping.raise() } }
            #expect(try await runner(catalog, stops).runNext(stopping)?.state == .queued)
            let job = try await runner(catalog, Doubler()).runNext(context)
            #expect(job?.state == .succeeded && job?.attempts == 2 && job?.progress.completed == 49)
            #expect(try results(catalog) == (0..<50).filter { $0 != 7 }.map { "{\"x\": \(2 * $0)}" })
        }
    }

    @Test("A cancelled job ends cancelled, and leaves nothing half done") func cancelled() async throws {
        try await with { catalog, context in
            let cancels = Doubler { call in if call == 3 { try catalog.cancelJob("job") } }
            // The lease hears of it at its next report.
            let hears = Flag()
            var changed = context
            changed.isCancelled = { hears.isRaised }
            changed.progress = { _ in
                if (try? catalog.job("job").state) == .cancelling { hears.raise() }
            }
            let stopping = changed
            let job = try await runner(catalog, cancels).runNext(stopping)
            #expect(job?.state == .cancelled)
            #expect(try FileManager.default.contentsOfDirectory(atPath: catalog.home.buckets + "/b/out").isEmpty)
        }
    }

    @Test("A model that cannot be loaded fails its job with the reason") func fails() async throws {
        try await with { catalog, context in
            let runner = JobRunner(
                catalog: catalog, openModel: { _ in throw InputError(.unsupported, "PyFunc is refused.") },
                train: { _, _ in })
            let job = try await runner.runNext(context)
            #expect(job?.state == .failed && job?.errorMessage == "PyFunc is refused.")
        }
    }
}

@Suite("Training jobs") struct TrainingProcessTests {
    private let home = Home(path: "/data/home")

    @Test(
        "A module names a trainer",
        arguments: [
            ("trainer.task", "transfer"), ("lightbox.train.classifier", "classifier"), ("heatmap", "heatmap"),
        ])
    func kinds(module: String, kind: String) throws {
        let process = TrainingProcess(home: home)
        let work = TrainingWork(module: module, arguments: ["--max-steps", "3"])
        let expected = ["train", kind, "--max-steps", "3", "--home", "/data/home"]
        #expect(try process.arguments(of: work, isResuming: false) == expected)
    }

    @Test("Addresses become paths, and the job's folder the output") func places() throws {
        var work = TrainingWork(
            module: "trainer.task",
            arguments: ["--train_data_paths=gs://b/preproc/train*", "--images", "gs://b/l.csv"])
        work.folder = "gs://b/run"
        let buckets = home.buckets
        #expect(
            try TrainingProcess(home: home).arguments(of: work, isResuming: true) == [
                "train", "transfer", "--train_data_paths=\(buckets)/b/preproc/train*", "--images",
                "\(buckets)/b/l.csv", "--output", "\(buckets)/b/run", "--resume", "--home", "/data/home",
            ])
        work.arguments = ["--output_path", "out"]
        #expect(try !TrainingProcess(home: home).arguments(of: work, isResuming: false).contains("--output"))
    }

    @Test("Any other module is refused") func unknown() throws {
        let work = TrainingWork(module: "os.system", arguments: [])
        #expect(throws: InputError.self) { try TrainingProcess(home: home).arguments(of: work, isResuming: false) }
    }

    @Test("What the process prints is the log; its end is the job's") func runs() async throws {
        try await withAsyncTemporaryFolder { folder in
            let catalog = try ModelCatalog(home: Home(path: folder))
            func run(_ script: String, _ id: String) async throws -> Job? {
                var process = TrainingProcess(home: catalog.home, executable: "/bin/sh")
                process.leadingArguments = ["-c", script]
                try catalog.createJob(id, .training(TrainingWork(module: "trainer.task", arguments: [])))
                let training = process
                let runner = JobRunner(
                    catalog: catalog, openModel: { _ in throw InputError(.notFound, "") },
                    train: { try await training.run($0, $1) })
                return try await runner.runNext(StageContext(home: catalog.home))
            }
            #expect(try await run("echo step 1; echo step 2 >&2", "good")?.state == .succeeded)
            #expect(try catalog.log(of: "good").map(\.text).contains("step 2"))
            let failed = try await run("echo no data; exit 3", "bad")
            #expect(failed?.state == .failed && failed?.errorMessage == "The training ended with 3: no data")
        }
    }
}
