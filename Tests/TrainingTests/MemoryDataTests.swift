import LightboxCore
import Testing
import Training

@Suite("Training data in memory") struct MemoryDataTests {
    private func data(seed: UInt64?, batch: Int = 4, rank: Int = 0, processes: Int = 1) throws -> MemoryData {
        try MemoryData(
            inputs: NDArray(shape: [10, 2], values: (0..<20).map(Float.init)),
            targets: .classes((0..<10).map { $0 % 3 == 2 ? nil : $0 % 3 }), names: ["a", "b"], batchSize: batch,
            seed: seed, rank: rank, processes: processes)
    }

    private func indices(_ data: MemoryData, epoch: Int, from first: Int = 0) throws -> [[Int]] {
        let batches = data.batches(epoch: epoch, from: first)
        var result: [[Int]] = []
        while let batch = try batches.next() {
            #expect(batch.inputs.values == batch.indices.flatMap { [Float(2 * $0), Float(2 * $0 + 1)] })
            #expect(batch.targets == .classes(batch.indices.map { $0 % 3 == 2 ? nil : $0 % 3 }))
            result.append(batch.indices)
        }
        return result
    }

    @Test("Each epoch has an order of its own, the same every time, and can be entered anywhere")
    func order() throws {
        let data = try data(seed: 7)
        let first = try indices(data, epoch: 0)
        #expect(first.map(\.count) == [4, 4])
        #expect(Set(first.joined()).count == 8)
        #expect(try indices(data, epoch: 0) == first)
        #expect(try indices(data, epoch: 1) != first)
        #expect(try indices(data, epoch: 3, from: 1) == Array(indices(data, epoch: 3).dropFirst()))
        #expect(try indices(self.data(seed: 8), epoch: 0) != first)
    }

    @Test("Without a seed everything comes once, in order")
    func validationOrder() throws {
        let data = try data(seed: nil)
        #expect(data.batchCount == 3)
        #expect(try indices(data, epoch: 5) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]])
    }

    @Test("Two processes share each batch")
    func processes() throws {
        let whole = try indices(data(seed: 3), epoch: 2)
        let first = try indices(data(seed: 3, rank: 0, processes: 2), epoch: 2)
        let second = try indices(data(seed: 3, rank: 1, processes: 2), epoch: 2)
        #expect(zip(first, second).map { $0 + $1 } == whole)
    }

    @Test("Counts classes, and refuses what does not fit")
    func counts() throws {
        #expect(
            try data(seed: nil).labelCounts == LabelCounts(names: ["a", "b"], counts: [[4], [3]], images: 10))
        let states = BatchTargets.states([[.positive, .uncertain], [.negative, .positive]])
        let labels = try MemoryData(
            inputs: NDArray(shape: [2, 1]), targets: states, names: ["a", "b"], batchSize: 2, seed: nil)
        #expect(labels.labelCounts?.counts == [[0, 1, 0, 1], [0, 0, 1, 1]])
        #expect(throws: TrainingError.self) { try data(seed: 1, batch: 11) }
        #expect(throws: TrainingError.self) { try data(seed: 1, batch: 3, processes: 2) }
        #expect(throws: TrainingError.self) {
            try MemoryData(inputs: NDArray(shape: [3, 1]), targets: states, names: [], batchSize: 2, seed: nil)
        }
    }
}
