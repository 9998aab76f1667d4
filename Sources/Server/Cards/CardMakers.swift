import AnswerCards
import Serving
import Synchronization

/// Who makes the cards of the models that are loaded: what each says of itself is read once, and its images are watched.
final class CardMakers: Sendable {
    struct Entry: Sendable {
        weak let model: LoadedModel?
        let maker: CardMaker
        /// nil for a model that knows nothing of the cases it was made from.
        let watch: DriftWatch?
    }

    private let entries = Mutex<[ModelPool.Key: Entry]>([:])

    func entry(of live: LiveModels.Live, release: String) async throws -> Entry {
        let known = entries.withLock { $0[live.key] }
        if let known, known.model === live.model { return known }
        let maker = try await blocking {
            try CardMaker(live.model, name: live.key.model, version: live.key.version, lightbox: release)
        }
        // The watch goes on where the same model was loaded again.
        let isSame = known?.maker.identity == maker.identity
        let entry = Entry(
            model: live.model, maker: maker, watch: isSame ? known?.watch : DriftWatch(maker))
        entries.withLock { $0[live.key] = entry }
        return entry
    }

    /// What the watches say, by model and version.
    var drifts: [(key: ModelPool.Key, drift: AnswerCard.Drift)] {
        entries.withLock { entries in
            entries.compactMap { key, entry in entry.watch?.drift.map { (key, $0) } }
        }.sorted { ($0.key.model, $0.key.version) < ($1.key.model, $1.key.version) }
    }
}

extension ServerContext {
    func cardMaker(of live: LiveModels.Live) async throws -> CardMakers.Entry {
        try await cardMakers.entry(of: live, release: settings.release)
    }
}
