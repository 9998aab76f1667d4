public import DICOMStore
import DICOMweb
import LightboxCore
import Serving
import Synchronization

/// The DICOM stores of the home folder, each opened when it is first asked for.
public final class OpenStores: Sendable {
    private struct State {
        var catalog: DICOMCatalog?
        var stores: [DICOMStoreName: DICOMStore] = [:]
    }

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

    /// - Throws: ``DICOMStoreError`` `noSuchStore`. It may block.
    public func store(_ name: DICOMStoreName) throws -> DICOMStore {
        if let store = state.withLock({ $0.stores[name] }) { return store }
        let store = try catalog().store(name)
        return state.withLock { state in
            if let other = state.stores[name] { return other }
            state.stores[name] = store
            return store
        }
    }

    /// For a store that is deleted: the next one of its name is another.
    public func forget(_ name: DICOMStoreName) { state.withLock { $0.stores[name] = nil } }

    /// The web service of a store.
    func service(_ name: DICOMStoreName, _ flavour: DICOMwebSettings.Flavour) async throws -> DICOMwebService {
        if let store = state.withLock({ $0.stores[name] }) {
            return DICOMwebService(store, settings: DICOMwebSettings(flavour: flavour))
        }
        return DICOMwebService(
            try await blocking { try self.store(name) }, settings: DICOMwebSettings(flavour: flavour))
    }
}
