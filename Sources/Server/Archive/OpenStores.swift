public import DICOMStore
import DICOMweb
import LightboxCore
import Serving
import Synchronization

/// The DICOM stores of the home folder, each opened when it is first asked for.
public final class OpenStores: Sendable {
    private struct State {
        var catalog: DICOMCatalog?
        var stores: [DICOMStoreName: Open] = [:]
    }

    private struct Open {
        let store: DICOMStore
        /// Until when nobody asks whether it is still there.
        var goodUntil: ContinuousClock.Instant
    }

    /// Another process may delete a store, and make another of its name: that is noticed so late.
    private static let trust = Duration.seconds(1)

    private let home: Home
    private let state = Mutex(State())

    init(home: Home) { self.home = home }

    /// The index of all stores. It may block.
    public func catalog() throws -> DICOMCatalog {
        try state.withLock { state in
            if let catalog = state.catalog { return catalog }
            let catalog = try DICOMCatalog(home: home)
            state.catalog = catalog
            return catalog
        }
    }

    /// - Throws: ``ServerError`` `noSuchRoute` when there is none. It may block.
    public func store(_ name: DICOMStoreName) throws -> DICOMStore {
        if let store = trusted(name) { return store }
        let known = state.withLock { $0.stores[name]?.store }
        let store = try known.flatMap { try $0.isThere() ? $0 : nil } ?? open(name)
        return state.withLock { state in
            // One that somebody else has opened meanwhile: stores that receive commit together.
            let kept = state.stores[name].map { $0.store === known ? store : $0.store } ?? store
            state.stores[name] = Open(store: kept, goodUntil: .now + Self.trust)
            return kept
        }
    }

    private func open(_ name: DICOMStoreName) throws -> DICOMStore {
        do {
            return try catalog().store(name)
        } catch let error as DICOMStoreError where error.code == .noSuchStore {
            // The index names the other stores, which a caller over the network need not know.
            throw ServerError(.noSuchRoute, "There is no DICOM store '\(name)'.")
        }
    }

    private func trusted(_ name: DICOMStoreName) -> DICOMStore? {
        state.withLock { state in
            state.stores[name].flatMap { $0.goodUntil > .now ? $0.store : nil }
        }
    }

    /// For a store that is deleted: the next one of its name is another.
    public func forget(_ name: DICOMStoreName) { state.withLock { $0.stores[name] = nil } }

    /// The web service of a store.
    func service(_ name: DICOMStoreName, _ flavour: DICOMwebSettings.Flavour) async throws -> DICOMwebService {
        if let store = trusted(name) {
            return DICOMwebService(store, settings: DICOMwebSettings(flavour: flavour))
        }
        return DICOMwebService(
            try await blocking { try self.store(name) }, settings: DICOMwebSettings(flavour: flavour))
    }
}
