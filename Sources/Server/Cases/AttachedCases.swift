import Foundation
import LightboxCore
import ModelRegistry
import Serving
import Synchronization
import Warehouse

/// The known cases of one model, in memory, read anew after their table has been loaded anew.
final class AttachedCases: Sendable {
    private struct State: Sendable {
        /// The cases, or why there are none any more.
        var index: Result<CaseIndex, ServerError>
        var history: [[LoadRecord]]
        var nextLook: ContinuousClock.Instant
        /// Somebody looks, the others go on with what was true a moment ago.
        var isBeingLookedAt = false
    }

    private let table: CaseTable
    private let length: Int
    private let interval: Duration
    private let state: Mutex<State>

    /// Reads the table. Blocks the calling thread.
    ///
    /// - Parameters:
    ///   - folder: of the model's version that answers now.
    ///   - limit: bytes that the cases may take.
    ///   - interval: how often the table is looked at.
    init(
        _ source: CaseSource, model: String, folder: String, home: Home, limit: Int, interval: Duration
    ) throws {
        guard let length = try ServableFile(at: folder).embeddingLength() else {
            throw ServerError(
                .notOffered,
                "The model '\(model)' gives no embedding to compare with known cases. Attach them to a model of "
                    + "images that was trained here.")
        }
        guard Warehouse.exists(in: home) else {
            throw ServerError(
                .invalidArgument,
                "The home has no tables yet. Make '\(source.table)' with `lightbox embed … --output sql:\(source.table)`."
            )
        }
        self.length = length
        self.interval = interval
        table = CaseTable(
            warehouse: try Warehouse(home: home), source: source,
            labels: (try? ModelFolder(path: folder, isVerified: false).manifest.output.labels) ?? [], limit: limit)
        // The history comes first: a load in between is then seen at the next look.
        let history = try table.history()
        let index = try table.read(length: length)
        state = Mutex(State(index: .success(index), history: history, nextLook: .now + interval))
    }

    /// The cases as they are now.
    ///
    /// - Throws: ``ServingError`` when the table has become unusable.
    func index() async throws -> CaseIndex {
        let mustLook = state.withLock { state in
            guard ContinuousClock.now >= state.nextLook, !state.isBeingLookedAt else { return false }
            state.isBeingLookedAt = true
            return true
        }
        if mustLook {
            let found = try? await onOwnThread { [self] in renewed() }
            state.withLock { state in
                if let (index, history) = found ?? nil { (state.index, state.history) = (index, history) }
                state.nextLook = .now + interval
                state.isBeingLookedAt = false
            }
        }
        switch state.withLock({ $0.index }) {
        case .success(let index): return index
        case .failure(let error):
            throw ServingError(
                .unavailableExtra, field: "extras", "the nearest known cases are not to be had",
                remedy: error.description)
        }
    }

    /// nil when nothing has changed, or nobody can tell.
    private func renewed() -> (Result<CaseIndex, ServerError>, [[LoadRecord]])? {
        guard let history = try? table.history(), history != state.withLock({ $0.history }) else { return nil }
        do {
            return (.success(try table.read(length: length)), history)
        } catch {
            let text = (error as? any Failure)?.description ?? "The table cannot be read."
            return (.failure(ServerError(.invalidArgument, text)), history)
        }
    }
}
