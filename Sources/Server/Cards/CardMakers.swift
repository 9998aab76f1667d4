import AnswerCards
import Serving
import Synchronization

/// Who makes the cards of the models that are loaded: what each says of itself is read once.
final class CardMakers: Sendable {
    private struct Entry: Sendable {
        weak let model: LoadedModel?
        let maker: CardMaker
    }

    private let entries = Mutex<[ModelPool.Key: Entry]>([:])

    func maker(of live: LiveModels.Live, release: String) async throws -> CardMaker {
        if let known = entries.withLock({ $0[live.key] }), known.model === live.model { return known.maker }
        let maker = try await blocking {
            try CardMaker(live.model, name: live.key.model, version: live.key.version, lightbox: release)
        }
        entries.withLock { entries in
            entries = entries.filter { $0.value.model != nil }
            entries[live.key] = Entry(model: live.model, maker: maker)
        }
        return maker
    }
}

extension ServerContext {
    func cardMaker(of live: LiveModels.Live) async throws -> CardMaker {
        try await cardMakers.maker(of: live, release: settings.release)
    }
}
