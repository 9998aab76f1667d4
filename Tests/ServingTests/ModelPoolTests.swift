import Foundation
import LightboxCore
import ModelRegistry
import Serving
import Synchronization
import TestSupport
import Testing

private final class End: Sendable {
    private let flag = Atomic(false)
    var isReached: Bool { flag.load(ordering: .relaxed) }
    func reach() { flag.store(true, ordering: .relaxed) }
}

private func input() -> [String: ServedTensor] {
    ["image": ServedTensor(NDArray(shape: [1, 32, 32, 3], repeating: 0.5))]
}

@Suite("Pool of models") struct ModelPoolTests {
    @Test("Loads a version once, however many ask for it")
    func loadsOnce() async throws {
        try await withAsyncTemporaryFolder { folder in
            _ = try writeModel(.classes(["a", "b"]), to: folder + "/m")
            let pool = ModelPool()
            let key = ModelPool.Key(model: "m", version: "v1")
            let models = try await withThrowingTaskGroup(of: LoadedModel.self) { group in
                for _ in 0..<10 { group.addTask { try await pool.model(key) { folder + "/m" } } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(models.allSatisfy { $0 === models[0] })
            #expect(pool.status.map(\.key) == [key] && pool.status[0].memory == models[0].memory)
            pool.remove(key)
            #expect(pool.status.isEmpty)
            // Who has it can still ask.
            #expect(try await models[0].predict(input(), signature: "tensor")["scores"] != nil)
        }
    }

    @Test("Tries again after a failed loading")
    func failure() async throws {
        try await withAsyncTemporaryFolder { folder in
            let pool = ModelPool()
            let key = ModelPool.Key(model: "m", version: "v1")
            let error = await servingError { _ = try await pool.model(key) { folder + "/m" } }
            #expect(error?.code == .modelNotFound)
            _ = try writeModel(.classes(["a", "b"]), to: folder + "/m")
            #expect(try await pool.model(key) { folder + "/m" }.signatures.count == 4)
        }
    }

    @Test("Swaps a version under load without a failed request")
    func swap() async throws {
        try await withAsyncTemporaryFolder { folder in
            _ = try writeModel(.classes(["a", "b"]), to: folder + "/1", seed: 1)
            _ = try writeModel(.classes(["a", "b"]), to: folder + "/2", seed: 2)
            let pool = ModelPool()
            let key = ModelPool.Key(model: "m", version: "live")
            let first = try await pool.model(key) { folder + "/1" }.predict(input(), signature: "tensor")["scores"]
            let end = End()
            let callers = (0..<4).map { _ in
                Task {
                    var seen: [[Float]] = []
                    while !end.isReached {
                        let model = try await pool.model(key) { folder + "/1" }
                        let scores = floats(try await model.predict(input(), signature: "tensor")["scores"])
                        if seen.last != scores { seen.append(scores) }
                    }
                    return seen
                }
            }
            try await pool.replace(key, at: folder + "/2")
            let second = try await pool.model(key) { folder + "/1" }.predict(input(), signature: "tensor")[
                "scores"]
            #expect(first != second)
            end.reach()
            for caller in callers {
                // The old answers, then the new ones, and nothing between.
                for scores in try await caller.value {
                    #expect(agree(scores, floats(first)) || agree(scores, floats(second)))
                }
            }
        }
    }

    @Test("Lets the least recently used go when the budget is passed")
    func budget() async throws {
        try await withAsyncTemporaryFolder { folder in
            for name in ["a", "b", "c"] { _ = try writeModel(.classes(["x", "y"]), to: folder + "/" + name) }
            let size = try LoadedModel(ServableFile(at: folder + "/a")).memory
            var settings = ModelPool.Settings()
            settings.memoryBudget = 2 * size + size / 2
            let pool = ModelPool(settings: settings)
            func load(_ name: String) async throws -> LoadedModel {
                try await pool.model(ModelPool.Key(model: name, version: "1")) { folder + "/" + name }
            }
            let first = try await load("a")
            _ = try await load("b")
            _ = try await load("a")
            _ = try await load("c")
            #expect(pool.status.map(\.key.model) == ["a", "c"])
            #expect(try await load("a") === first)
            _ = try await load("b")
            #expect(pool.status.map(\.key.model) == ["a", "b"])

            settings.memoryBudget = size / 2
            let small = ModelPool(settings: settings)
            let error = await servingError {
                _ = try await small.model(ModelPool.Key(model: "a", version: "1")) { folder + "/a" }
            }
            #expect(error?.code == .tooLarge)
        }
    }
}
