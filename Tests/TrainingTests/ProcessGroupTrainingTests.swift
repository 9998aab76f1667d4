import Foundation
import LightboxCore
import Networks
import TestSupport
import Testing
import Torch
import Training

extension EngineTests {
    @Suite("Training in two processes") struct ProcessGroupTrainingTests {
        /// Trains in one of `processes` processes that share every batch; stops after `limit` steps.
        static func train(folder: String, rank: Int, processes: Int, port: Int, limit: Int, policy: String) throws
        {
            var settings = TrainingSettings(task: .labels(try UncertaintyPolicy(parsing: policy)))
            settings.maxSteps = 14
            settings.precision = .f32
            settings.threads = 1
            settings.learningRate.peak = 0.01
            func data(_ count: Int, _ seed: UInt64, _ order: UInt64?) throws -> MemoryData {
                let whole = try Toy.labels(count: count, seed: seed, order: order)
                return try MemoryData(
                    inputs: whole.inputs, targets: whole.targets, names: ["finding_0", "finding_1"], batchSize: 8,
                    seed: order, rank: rank, processes: processes)
            }
            let environment = [
                "RANK": "\(rank)", "WORLD_SIZE": "\(processes)", "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": "\(port)",
            ]
            let stopper = Stopper(after: limit)
            let trainer = Trainer(
                settings, graph: try Toy.head(2, hidden: 5), training: try data(50, 1, 4),
                validation: try data(21, 2, nil), folder: RunFolder(path: folder),
                group: try ProcessGroup.fromEnvironment(environment))
            // One of the processes is asked; all stop.
            let report = try trainer.run(
                resuming: true, isCancelled: { rank == 0 && stopper.isAskedToStop }, on: stopper.see)
            guard report.ending == (limit < 14 ? .interrupted : .finished) else { throw CancellationError() }
        }

        /// Like ``train(folder:rank:processes:port:limit:policy:)``, with a checkpoint after every step. Rank 1 is killed
        /// after the sixth; rank 0 must say so.
        static func trainUntilKilled(folder: String, rank: Int, port: Int) throws {
            var settings = TrainingSettings(task: .labels(try UncertaintyPolicy(parsing: "learned")))
            settings.maxSteps = 14
            settings.precision = .f32
            settings.threads = 1
            settings.learningRate.peak = 0.01
            settings.checkpointSeconds = 0
            func data(_ count: Int, _ seed: UInt64, _ order: UInt64?) throws -> MemoryData {
                let whole = try Toy.labels(count: count, seed: seed, order: order)
                return try MemoryData(
                    inputs: whole.inputs, targets: whole.targets, names: ["finding_0", "finding_1"], batchSize: 8,
                    seed: order, rank: rank, processes: 2)
            }
            let trainer = Trainer(
                settings, graph: try Toy.head(2, hidden: 5), training: try data(50, 1, 4),
                validation: try data(21, 2, nil), folder: RunFolder(path: folder),
                group: try ProcessGroup(address: "127.0.0.1", port: port, rank: rank, count: 2))
            do {
                _ = try trainer.run(on: { event in
                    if case .step(let progress) = event, progress.step == 6, rank == 1 { kill(getpid(), SIGKILL) }
                })
            } catch let error as TorchError {
                guard error.code == .processLost, error.place.hasPrefix("rank 1 on "),
                    error.remedy.contains("--resume"), RunFolder(path: folder).hasCheckpoint
                else { throw error }
                return
            }
            throw CancellationError()
        }

        @Test("One is killed: the other says which and ends, and both go on to the same bits") func killed()
            async throws
        {
            try await withAsyncTemporaryFolder { folder in
                try await trainInTwo(folder: folder + "/whole", limit: .max, policy: "learned")
                let port = try freePort()
                let parts = folder + "/parts"
                async let first = #expect(processExitsWith: .success) {
                    [parts = parts as String, port = port as Int] in
                    try EngineTests.ProcessGroupTrainingTests.trainUntilKilled(folder: parts, rank: 0, port: port)
                }
                async let second = #expect(processExitsWith: .signal(SIGKILL)) {
                    [parts = parts as String, port = port as Int] in
                    try EngineTests.ProcessGroupTrainingTests.trainUntilKilled(folder: parts, rank: 1, port: port)
                }
                _ = await (first, second)
                try await trainInTwo(folder: parts, limit: .max, policy: "learned")
                let (whole, resumed) = (
                    try Checkpoint(path: RunFolder(path: folder + "/whole").last),
                    try Checkpoint(path: RunFolder(path: parts).last)
                )
                #expect(resumed.weights == whole.weights && resumed.optimizer == whole.optimizer)
                #expect(resumed.state.learned == whole.state.learned)
            }
        }

        @Test("A process with other settings is refused by the setting's name") func different() async throws {
            try await withAsyncTemporaryFolder { folder in
                let port = try freePort()
                func run(_ rank: Int) async {
                    if rank == 0 {
                        await #expect(processExitsWith: .success) {
                            [folder = folder as String, port = port as Int] in
                            try EngineTests.ProcessGroupTrainingTests.refusedSeed(
                                folder: folder, rank: 0, port: port)
                        }
                    } else {
                        await #expect(processExitsWith: .success) {
                            [folder = folder as String, port = port as Int] in
                            try EngineTests.ProcessGroupTrainingTests.refusedSeed(
                                folder: folder, rank: 1, port: port)
                        }
                    }
                }
                async let first: Void = run(0)
                async let second: Void = run(1)
                _ = await (first, second)
            }
        }

        static func refusedSeed(folder: String, rank: Int, port: Int) throws {
            let environment = [
                "RANK": "\(rank)", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(port)",
            ]
            do {
                try ProcessGroup.working(in: environment, version: "1") { group in
                    var settings = TrainingSettings(task: .labels(try UncertaintyPolicy(parsing: "zeros")))
                    settings.seed = UInt64(rank)
                    let whole = try Toy.labels(count: 50, seed: 1, order: 4)
                    let data = try MemoryData(
                        inputs: whole.inputs, targets: whole.targets, names: ["finding_0", "finding_1"],
                        batchSize: 8, seed: 4, rank: rank, processes: 2)
                    _ = try Trainer(
                        settings, graph: try Toy.head(2, hidden: 5), training: data,
                        folder: RunFolder(path: folder + "/\(rank)"), group: group
                    ).run()
                }
            } catch {
                guard "\(error)".contains("--seed: differs between rank 1 and rank 0"),
                    rank == 1 ? error is TrainingError : (error as? TorchError)?.code == .processLost
                else { throw error }
                return
            }
            throw CancellationError()
        }

        /// Runs both processes and waits for them.
        private func trainInTwo(folder: String, limit: Int, policy: String) async throws {
            let port = try freePort()
            async let first = #expect(processExitsWith: .success) {
                [folder = folder as String, port = port as Int, limit = limit as Int, policy = policy as String] in
                try EngineTests.ProcessGroupTrainingTests.train(
                    folder: folder, rank: 0, processes: 2, port: port, limit: limit, policy: policy)
            }
            async let second = #expect(processExitsWith: .success) {
                [folder = folder as String, port = port as Int, limit = limit as Int, policy = policy as String] in
                try EngineTests.ProcessGroupTrainingTests.train(
                    folder: folder, rank: 1, processes: 2, port: port, limit: limit, policy: policy)
            }
            _ = await (first, second)
        }

        @Test("Two equal one, stopped and gone on with or not", arguments: ["u=0.4,w=0.75", "learned"])
        func twoEqualOne(policy: String) async throws {
            try await withAsyncTemporaryFolder { folder in
                try Self.train(
                    folder: folder + "/one", rank: 0, processes: 1, port: 1, limit: .max, policy: policy)
                try await trainInTwo(folder: folder + "/two", limit: .max, policy: policy)
                try await trainInTwo(folder: folder + "/parts", limit: 9, policy: policy)
                try await trainInTwo(folder: folder + "/parts", limit: .max, policy: policy)
                let (one, two, parts) = (
                    try Checkpoint(path: RunFolder(path: folder + "/one").last),
                    try Checkpoint(path: RunFolder(path: folder + "/two").last),
                    try Checkpoint(path: RunFolder(path: folder + "/parts").last)
                )
                for (layer, arrays) in one.weights.layers {
                    for (expected, found) in zip(arrays, try #require(two.weights.layers[layer])) {
                        #expect(zip(expected.values, found.values).allSatisfy { abs($0 - $1) < 1e-5 })
                    }
                }
                #expect(parts.weights == two.weights && parts.state.learned == two.state.learned)
                let losses = zip(one.state.validations, two.state.validations).map { abs($0.loss - $1.loss) }
                #expect(losses.count == 3 && losses.allSatisfy { $0 < 1e-5 })
                #expect(one.state.validations.map(\.images) == [21, 21, 21])
                #expect(two.state.validations.map(\.images) == [21, 21, 21])
            }
        }
    }
}
/// A port that nothing listens on.
private func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = bind(descriptor, $0, length)
            getsockname(descriptor, $0, &length)
        }
    }
    return Int(UInt16(bigEndian: address.sin_port))
}
