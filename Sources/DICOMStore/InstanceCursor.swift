/// Walks the instances of a store in the order of study, series and SOP Instance UID, a page in memory at a time.
///
/// Instances that arrive or go meanwhile may or may not be met; no other is left out or met twice.
public struct InstanceCursor {
    private let store: DICOMStore
    private var filters: ArraySlice<InstanceFilter>
    private var page: ArraySlice<StoredInstance> = []
    private var position: InstancePosition?

    public init(_ store: DICOMStore, matching filter: InstanceFilter = .all) {
        self.init(store, matchingAny: [filter])
    }

    /// Walks what matches the first filter, then what matches the next. What matches two is met twice.
    public init(_ store: DICOMStore, matchingAny filters: [InstanceFilter]) {
        self.store = store
        self.filters = filters[...]
    }

    /// nil at the end.
    public mutating func next() throws -> StoredInstance? {
        while page.isEmpty, let filter = filters.first {
            page = try store.instances(matching: filter, after: position, limit: 1000)[...]
            position = page.last?.position
            if page.count < 1000 {
                filters.removeFirst()
                position = nil
            }
        }
        return page.popFirst()
    }
}
