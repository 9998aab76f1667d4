import AnswerCards
import Foundation
import LightboxCore
import ModelRegistry
import Pipelines
import Serving
import Synchronization
import Warehouse

/// The known cases of one model, in memory, read anew after their table has been loaded anew.
final class AttachedCases: Sendable {
    private struct State: Sendable {
        /// The cases, or why there are none any more.
        var known: Result<KnownCases, ServerError>
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
        self.length = length
        self.interval = interval
        table = try CaseTable(
            source, labels: (try? ModelFolder(path: folder, isVerified: false).manifest.output.labels) ?? [],
            home: home, limit: limit)
        // The history comes first: a load in between is then seen at the next look.
        let history = try table.history()
        let known = try table.read(length: length)
        state = Mutex(State(known: .success(known), history: history, nextLook: .now + interval))
    }

    /// The cases as they are now.
    ///
    /// - Throws: ``ServingError`` when the table has become unusable.
    func known() async throws -> KnownCases {
        let mustLook = state.withLock { state in
            guard ContinuousClock.now >= state.nextLook, !state.isBeingLookedAt else { return false }
            state.isBeingLookedAt = true
            return true
        }
        if mustLook {
            let found = try? await onOwnThread { [self] in renewed() }
            state.withLock { state in
                if let (known, history) = found ?? nil { (state.known, state.history) = (known, history) }
                state.nextLook = .now + interval
                state.isBeingLookedAt = false
            }
        }
        switch state.withLock({ $0.known }) {
        case .success(let known): return known
        case .failure(let error):
            throw ServingError(
                .unavailableExtra, field: "extras", "the nearest known cases are not to be had",
                remedy: error.description)
        }
    }

    /// nil when nothing has changed, or nobody can tell.
    private func renewed() -> (Result<KnownCases, ServerError>, [[LoadRecord]])? {
        guard let history = try? table.history(), history != state.withLock({ $0.history }) else { return nil }
        do {
            return (.success(try table.read(length: length)), history)
        } catch {
            let text = (error as? any Failure)?.description ?? "The table cannot be read."
            return (.failure(ServerError(.invalidArgument, text)), history)
        }
    }
}
