import Foundation
import LightboxCore
import Synchronization

/// The models that are in memory, within a budget.
///
/// A version is loaded when it is first asked for, and warmed before anyone gets it; those who ask meanwhile wait for
/// the same loading. When the budget is passed, the version that was used the longest ago is let go; whoever still
/// computes with it finishes, because it is theirs until then. The same holds when a version is replaced or removed.
public final class ModelPool: Sendable {
    public struct Key: Sendable, Hashable, CustomStringConvertible {
        public let model: String
        public let version: String

        public init(model: String, version: String) {
            self.model = model
            self.version = version
        }

        public var description: String { "\(model)/\(version)" }
    }

    public struct Settings: Sendable {
        /// Bytes that all models may take, by ``LoadedModel/memory``.
        public var memoryBudget = Int(ProcessInfo.processInfo.physicalMemory / 2)
        public var model = LoadedModel.Settings()

        public init() {}
    }

    /// What is known of a version in memory.
    public struct Status: Sendable, Hashable {
        public let key: Key
        public let memory: Int
        /// Instances that are taken and not answered.
        public let load: Int
    }

    public let settings: Settings
    private let state = Mutex(PoolState())

    public init(settings: Settings = Settings()) {
        self.settings = settings
    }

    /// The version, loaded if it is not.
    ///
    /// - Parameter path: where its files are; asked only when it has to be loaded, on a thread that may block.
    /// - Throws: ``ServingError``, or the error of whoever refused the file. A failed loading is tried again by the
    ///   next who asks.
    public func model(_ key: Key, at path: @escaping @Sendable () throws -> String) async throws -> LoadedModel {
        if let ready = state.withLock({ $0.use(key) }) { return ready }
        let loading = state.withLock { state in
            state.loading(key) ?? state.begin(key, start(key, path))
        }
        return try await finish(loading, as: key)
    }

    /// Loads a version anew and puts it in the place of the present one, which answers until then and finishes what
    /// it has taken.
    @discardableResult
    public func replace(_ key: Key, at path: String) async throws -> LoadedModel {
        let loading = state.withLock { state in state.begin(key, start(key) { path }) }
        return try await finish(loading, as: key)
    }

    /// Lets a version go; it finishes what it has taken.
    public func remove(_ key: Key) {
        // The last reference may be this one, and giving memory back takes time: not under the lock.
        let removed = state.withLock { $0.remove(key) }
        withExtendedLifetime(removed) {}
    }

    /// What is in memory, by key.
    public var status: [Status] {
        state.withLock { $0.all }
            .map { Status(key: $0.key, memory: $0.model.memory, load: $0.model.load) }
            .sorted { $0.key.description < $1.key.description }
    }

    // MARK: Loading

    private func start(_ key: Key, _ path: @escaping @Sendable () throws -> String) -> Task<LoadedModel, any Error>
    {
        Task.detached { [self] in
            let file = try await blocking { try ServableFile(at: path()) }
            try makeRoom(for: LoadedModel.memory(ofFiles: try file.size()), key)
            return try await LoadedModel.load(file, name: key.description, settings: settings.model)
        }
    }

    private func makeRoom(for bytes: Int, _ key: Key) throws {
        guard bytes <= settings.memoryBudget else {
            throw ServingError(
                .tooLarge, model: key.description,
                "it needs some \(bytes >> 20) MiB, and all models together may take \(settings.memoryBudget >> 20)",
                remedy: "Raise the memory budget.")
        }
        let evicted = state.withLock { $0.evict(toFit: bytes, in: settings.memoryBudget, for: key) }
        withExtendedLifetime(evicted) {}
    }

    private func finish(_ loading: PoolState.Loading, as key: Key) async throws -> LoadedModel {
        do {
            let model = try await loading.task.value
            let replaced = state.withLock { $0.finish(loading, as: key, model) }
            withExtendedLifetime(replaced) {}
            return model
        } catch {
            state.withLock { $0.forget(loading, as: key) }
            throw error
        }
    }
}

/// What the pool holds; kept under its lock.
struct PoolState {
    struct Loading: Sendable {
        let number: Int
        let task: Task<LoadedModel, any Error>
    }

    private struct Place {
        var model: LoadedModel
        /// Of the loading that it came from.
        let number: Int
        var lastUse: Int
    }

    private var ready: [ModelPool.Key: Place] = [:]
    /// What versions that are being loaded will take.
    private var reserved: [ModelPool.Key: Int] = [:]
    private var loadings: [ModelPool.Key: Loading] = [:]
    /// Counts uses: the lowest is the longest ago.
    private var clock = 0
    private var loadingCount = 0

    var all: [(key: ModelPool.Key, model: LoadedModel)] { ready.map { ($0.key, $0.value.model) } }

    mutating func use(_ key: ModelPool.Key) -> LoadedModel? {
        guard let index = ready.index(forKey: key) else { return nil }
        clock += 1
        ready.values[index].lastUse = clock
        return ready.values[index].model
    }

    func loading(_ key: ModelPool.Key) -> Loading? { loadings[key] }

    /// Notes a loading; it takes the place of one that was begun before.
    mutating func begin(_ key: ModelPool.Key, _ task: Task<LoadedModel, any Error>) -> Loading {
        loadingCount += 1
        let loading = Loading(number: loadingCount, task: task)
        loadings[key] = loading
        return loading
    }

    /// Puts a loaded model in its place, unless a later one stands there already or the key was removed meanwhile.
    ///
    /// - Returns: what stood there before.
    mutating func finish(_ loading: Loading, as key: ModelPool.Key, _ model: LoadedModel) -> LoadedModel? {
        guard loadings[key]?.number == loading.number else { return nil }
        loadings[key] = nil
        reserved[key] = nil
        clock += 1
        let before = ready[key]?.model
        ready[key] = Place(model: model, number: loading.number, lastUse: clock)
        return before
    }

    mutating func forget(_ loading: Loading, as key: ModelPool.Key) {
        guard loadings[key]?.number == loading.number else { return }
        loadings[key] = nil
        reserved[key] = nil
    }

    mutating func remove(_ key: ModelPool.Key) -> LoadedModel? {
        loadings[key] = nil
        reserved[key] = nil
        return ready.removeValue(forKey: key)?.model
    }

    /// Takes out the least recently used until `bytes` more fit, and keeps these for a version.
    mutating func evict(toFit bytes: Int, in budget: Int, for kept: ModelPool.Key) -> [LoadedModel] {
        var evicted: [LoadedModel] = []
        reserved[kept] = bytes
        var used = ready.values.reduce(0) { $0 + $1.model.memory } + reserved.values.reduce(0, +)
        for (key, place) in ready.sorted(by: { $0.value.lastUse < $1.value.lastUse }) where used > budget {
            // The version that is being replaced answers until then.
            guard key != kept else { continue }
            used -= place.model.memory
            evicted.append(place.model)
            ready[key] = nil
        }
        return evicted
    }
}
