import Foundation
import LightboxCore
import Networks
import TestSupport
import Testing
import Training
import WireFormats

@Suite("Checkpoint") struct CheckpointTests {
    static func identity(threads: Int = 2) -> RunIdentity {
        RunIdentity(
            network: "tiny", labels: ["a"], training: "t", validation: "v", stepsPerEpoch: 5, processes: 1,
            threads: threads, engine: "cpu, f32")
    }

    /// A checkpoint whose every number says which step it is of.
    static func checkpoint(step: Int, size: Int = 1000) -> Checkpoint {
        var state = TrainingState(identity: identity(), settings: TrainingSettings(task: .labels(.hybrid)))
        state.step = step
        state.lossSum = 0.1 + Double(step)
        state.validations = [ValidationRecord(step: step, epoch: 1, images: 3, loss: 1 / 3, learningRate: 1e-3)]
        let weights = NetworkWeights([
            "block/conv": [
                NDArray(shape: [size], repeating: Float(step)),
                NDArray(shape: [2], values: [-0.0, .leastNonzeroMagnitude]),
            ],
            "dense": [NDArray(shape: [0])],
        ])
        return Checkpoint(state: state, weights: weights, optimizer: ["m/conv": NDArray(shape: [1], repeating: 3)])
    }

    @Test("Comes back bit for bit")
    func roundTrip() throws {
        try withTemporaryFolder { folder in
            let written = Self.checkpoint(step: 3)
            try written.write(to: folder + "/c")
            let read = try Checkpoint(path: folder + "/c")
            #expect(read.state == written.state)
            #expect(read.optimizer == written.optimizer)
            #expect(read.weights == written.weights)
            #expect(read.weights.layers["block/conv"]?[1].values[0].sign == .minus)
        }
    }

    @Test("Refuses another file, and says when there is none")
    func refuses() throws {
        try withTemporaryFolder { folder in
            let missing = #expect(throws: TrainingError.self) { try Checkpoint(path: folder + "/none") }
            #expect(missing?.code == .noCheckpoint)
            try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/c"))
            #expect(throws: RecordError.self) { try Checkpoint(path: folder + "/c") }
        }
    }

    @Test("A killed process leaves the one before whole")
    func killed() async throws {
        try await withAsyncTemporaryFolder { folder in
            let path = folder + "/last"
            try Self.checkpoint(step: 0).write(to: path)
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
                let killer = Thread {
                    usleep(60_000)
                    kill(getpid(), SIGKILL)
                }
                killer.start()
                for step in 1... { try CheckpointTests.checkpoint(step: step, size: 300_000).write(to: path) }
            }
            let left = try Checkpoint(path: path)
            let values = try #require(left.weights.layers["block/conv"]?[0].values)
            #expect(values.allSatisfy { $0 == Float(left.state.step) })
        }
    }

    @Test("A full disk leaves the one before whole, and nothing else")
    func fullDisk() async throws {
        try await withAsyncTemporaryFolder { folder in
            let path = folder + "/last"
            try Self.checkpoint(step: 1).write(to: path)
            await #expect(processExitsWith: .success) { [path = path as String] in
                // No file may grow beyond this: writing fails half way, as on a full disk.
                signal(SIGXFSZ, SIG_IGN)
                var limit = rlimit(rlim_cur: 100_000, rlim_max: 100_000)
                setrlimit(__rlimit_resource_t(1), &limit)
                do {
                    try CheckpointTests.checkpoint(step: 2, size: 300_000).write(to: path)
                    exit(1)
                } catch let error as TrainingError where error.code == .notWritten {
                    exit(0)
                }
            }
            #expect(try Checkpoint(path: path).state.step == 1)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["last"])
        }
    }

    @Test("Goes on only with the settings that it was made with")
    func resumable() throws {
        let state = Self.checkpoint(step: 3).state
        #expect(try state.checkResumable(identity: Self.identity(), settings: state.settings).isEmpty)
        #expect(try state.checkResumable(identity: Self.identity(threads: 1), settings: state.settings).count == 1)

        func refusal(_ change: (inout TrainingSettings, inout RunIdentity) -> Void) -> String? {
            var (settings, identity) = (state.settings, Self.identity())
            change(&settings, &identity)
            do {
                _ = try state.checkResumable(identity: identity, settings: settings)
                return nil
            } catch {
                #expect((error as? TrainingError)?.code == .otherRun)
                return (error as? TrainingError)?.place
            }
        }
        #expect(refusal { settings, _ in settings.seed = 1 } == "--seed")
        #expect(refusal { settings, _ in settings.batchSize = 64 } == "--batch")
        #expect(refusal { settings, _ in settings.task = .labels(.ones) } == "task")
        #expect(refusal { settings, _ in settings.learningRate.peak = 1 } == "--learning-rate or --schedule")
        #expect(refusal { _, identity in identity.training = "other" } == "training data")
        #expect(refusal { _, identity in identity.processes = 2 } == "--processes")
        // More epochs change nothing that was done, unless the schedule follows the length of the run.
        #expect(refusal { settings, _ in settings.epochs = 9 } == nil)
        var cosine = state
        cosine.settings.learningRate.schedule = .cosine()
        var longer = cosine.settings
        longer.epochs = 9
        #expect(throws: TrainingError.self) {
            try cosine.checkResumable(identity: Self.identity(), settings: longer)
        }
    }
}
