import Catalog
import Foundation
import LightboxCore
public import Serving
import Synchronization

/// Which version answers for a name, and the model behind it.
///
/// The catalogue is asked once in a while, not for every request: what changes here is seen at once, what another
/// process changes within `lifetime`.
public final class LiveModels: Sendable {
    /// A version that is ready, loaded.
    public struct Live: Sendable {
        public let key: ModelPool.Key
        public let model: LoadedModel
    }

    private struct Name: Hashable, Sendable {
        let model: String
        let version: String?
    }

    private struct Answer: Sendable {
        let key: ModelPool.Key
        /// Of the version, so that another one of the same name is told from it.
        let created: Date
        var end: ContinuousClock.Instant
        /// Somebody asks the catalogue anew.
        var isBeingRenewed = false
    }

    private struct State {
        var answers: [Name: Answer] = [:]
        var created: [ModelPool.Key: Date] = [:]
        var used: Set<ModelPool.Key> = []
        /// Counts changes; an answer that was asked for before one is not kept.
        var changes = 0
    }

    public let pool: ModelPool
    private let catalog: ModelCatalog
    private let lifetime = Duration.milliseconds(500)
    private let state = Mutex(State())

    init(catalog: ModelCatalog, pool: ModelPool) {
        self.catalog = catalog
        self.pool = pool
    }

    /// - Parameter version: nil for the default one.
    /// - Throws: ``CatalogError`` for one that is not there or not ready, ``ServingError`` for one that does not load.
    public func live(_ model: String, version: String? = nil) async throws -> Live {
        let key = try await key(Name(model: model, version: version))
        let loaded = try await pool.model(key) { [catalog] in
            try catalog.folder(of: catalog.version(key.version, of: key.model))
        }
        return Live(key: key, model: loaded)
    }

    /// The version that answers, without loading it.
    func version(_ model: String, version: String? = nil) async throws -> ModelPool.Key {
        try await key(Name(model: model, version: version))
    }

    private func key(_ name: Name) async throws -> ModelPool.Key {
        let now = ContinuousClock.now
        let (known, changes) = state.withLock { state -> (ModelPool.Key?, Int) in
            guard let index = state.answers.index(forKey: name) else { return (nil, state.changes) }
            let answer = state.answers.values[index]
            if now >= answer.end {
                // One asks anew, the others go on with what was true a moment ago.
                guard answer.isBeingRenewed, now < answer.end + lifetime else {
                    state.answers.values[index].isBeingRenewed = true
                    return (nil, state.changes)
                }
            }
            state.used.insert(answer.key)
            return (answer.key, state.changes)
        }
        if let known { return known }
        do {
            let version = try await blocking { [catalog] in
                try catalog.servable(name.model, version: name.version)
            }
            return keep(version, for: name, changes)
        } catch {
            state.withLock { $0.answers[name] = nil }
            throw error
        }
    }

    private func keep(_ version: ModelVersion, for name: Name, _ changes: Int) -> ModelPool.Key {
        let key = ModelPool.Key(model: version.model, version: version.name)
        let isOther = state.withLock { state -> Bool in
            state.used.insert(key)
            let before = state.created.updateValue(version.created, forKey: key)
            if state.changes == changes {
                state.answers[name] = Answer(key: key, created: version.created, end: .now + lifetime)
            }
            return before.map { $0 != version.created } ?? false
        }
        if isOther { pool.remove(key) }
        return key
    }

    /// Says that the catalogue was changed here.
    func forget(_ model: String, removing version: String? = nil) {
        state.withLock { state in
            state.changes += 1
            state.answers = state.answers.filter { $0.key.model != model }
            if let version { state.created[ModelPool.Key(model: model, version: version)] = nil }
        }
        if let version { pool.remove(ModelPool.Key(model: model, version: version)) }
    }

    /// Writes down which versions have answered since the last time.
    func noteUses() {
        let used = state.withLock { state in
            defer { state.used.removeAll() }
            return state.used
        }
        // One that was deleted meanwhile needs no note.
        for key in used { try? catalog.noteUse(of: key.version, of: key.model) }
    }
}
