import Datasets
import LightboxCore
import Networks
import TestSupport
import Testing
import Torch
import Training

@Suite("Training data from a loader") struct LoaderDataTests {
    fileprivate static let preprocessing = Preprocessing(height: 16, width: 16, channels: 1, scaling: .zeroToOne)

    fileprivate static func data(seed: UInt64? = 5, change: (inout BatchSettings) -> Void = { _ in }) throws
        -> LoaderData
    {
        let spots = LabelledDataset.brightSpots(BrightSpots(seed: 2, count: 22, height: 16, width: 16))
        var settings = seed.map { BatchSettings.training(batchSize: 4, seed: $0) } ?? .evaluation(batchSize: 4)
        change(&settings)
        let loader = try BatchLoader(spots, preprocessing: Self.preprocessing, settings: settings)
        return try LoaderData(loader, preprocessing: Self.preprocessing)
    }

    private func indices(_ data: LoaderData, epoch: Int, from first: Int = 0) throws -> [[Int]] {
        let batches = data.batches(epoch: epoch, from: first)
        var result: [[Int]] = []
        while let batch = try batches.next() { result.append(batch.indices) }
        return result
    }

    @Test("Has the same batches from wherever an epoch is entered")
    func order() throws {
        let data = try Self.data()
        #expect(data.inputShape == [16, 16, 1] && data.batchCount == 5 && data.labelCounts == nil)
        let epoch = try indices(data, epoch: 3)
        #expect(try indices(data, epoch: 3, from: 2) == Array(epoch.dropFirst(2)))
        #expect(try indices(data, epoch: 4) != epoch)
    }

    @Test("Its fingerprint changes with what a batch holds, and with nothing else")
    func fingerprint() throws {
        let fingerprint = try Self.data().fingerprint
        #expect(try Self.data().fingerprint == fingerprint)
        #expect(try Self.data { ($0.threads, $0.prefetch) = (1, 5) }.fingerprint == fingerprint)
        #expect(try Self.data(seed: 6).fingerprint != fingerprint)
        #expect(try Self.data { $0.augmentation.flip = true }.fingerprint != fingerprint)
        #expect(try Self.data { $0.sampling = .balanced }.fingerprint != fingerprint)
    }

    @Test("Memory holds the same")
    func memory() throws {
        let loader = try Self.data(seed: nil)
        let memory = try MemoryData.reading(
            loader.loader.dataset, preprocessing: Self.preprocessing, batchSize: 4, seed: nil)
        #expect(memory.count == 22 && memory.batchCount == 6)
        let (one, other) = (loader.batches(epoch: 0, from: 0), memory.batches(epoch: 0, from: 0))
        while let expected = try one.next() {
            let found = try #require(try other.next())
            #expect(found.inputs == expected.inputs && found.targets == expected.targets)
        }
    }
}

extension EngineTests {
    @Suite("Training from a loader") struct LoaderTrainingTests {
        @Test("A run on it can be stopped and gone on with")
        func resumes() throws {
            try withTemporaryFolder { folder in
                var settings = TrainingSettings(task: .heatmap(.crossEntropy))
                settings.batchSize = 4
                settings.maxSteps = 8
                settings.validationSteps = 4
                settings.threads = 1
                func trainer(_ name: String) throws -> Trainer {
                    Trainer(
                        settings,
                        graph: try Network.heatmap.graph(
                            height: 16, width: 16, channels: 1, output: .features(.none)),
                        training: try LoaderDataTests.data { $0.augmentation = .chestFilm },
                        validation: try LoaderDataTests.data(seed: nil),
                        folder: RunFolder(path: folder + "/" + name))
                }
                let whole = try trainer("whole").run()
                #expect(whole.last?.images == 22 && whole.ending == .finished)
                let stopper = Stopper(after: 7)
                _ = try trainer("part").run(isCancelled: { stopper.isAskedToStop }, on: stopper.see)
                #expect(try trainer("part").run(resuming: true).step == 8)
                #expect(try trainer("part").folder.weights(.last) == trainer("whole").folder.weights(.last))
            }
        }
    }
}
