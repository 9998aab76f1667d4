import LightboxCore

/// Walks the instances of a store in the order of study, series and SOP Instance UID, a page in memory at a time.
///
/// Instances that arrive or go meanwhile may or may not be met; no other is left out or met twice.
public struct InstanceCursor {
    private let store: DICOMStore
    private var filters: ArraySlice<InstanceFilter>
    private var page: ArraySlice<StoredInstance> = []
    private var position: InstancePosition?
    private let readsFiles: Bool
    /// Of the page, those whose files are on their way.
    private var expected = 0
    private static let mostExpected = 16

    /// - Parameter readsFiles: brings a few files ahead where they stand in object storage.
    public init(_ store: DICOMStore, matching filter: InstanceFilter = .all, readsFiles: Bool = false) {
        self.init(store, matchingAny: [filter], readsFiles: readsFiles)
    }

    /// Walks what matches the first filter, then what matches the next. What matches two is met twice.
    public init(_ store: DICOMStore, matchingAny filters: [InstanceFilter], readsFiles: Bool = false) {
        self.store = store
        self.filters = filters[...]
        self.readsFiles = readsFiles && store.shared != nil
    }

    /// nil at the end.
    public mutating func next() throws -> StoredInstance? {
        while page.isEmpty, let filter = filters.first {
            page = try store.instances(matching: filter, after: position, limit: 1000)[...]
            position = page.last?.position
            expected = 0
            if page.count < 1000 {
                filters.removeFirst()
                position = nil
            }
        }
        guard let instance = page.popFirst() else { return nil }
        if readsFiles { expect() }
        return instance
    }

    /// What the caller gets now it asks for itself.
    private mutating func expect() {
        expected = max(0, expected - 1)
        let more = page.dropFirst(expected).prefix(Self.mostExpected - expected)
        expected += more.count
        store.shared?.expect(more.map(\.path))
    }
}
