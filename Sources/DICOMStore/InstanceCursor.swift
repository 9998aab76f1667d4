/// Walks the instances of a store in the order of study, series and SOP Instance UID, a page in memory at a time.
///
/// Instances that arrive or go meanwhile may or may not be met; no other is left out or met twice.
public struct InstanceCursor {
    private let store: DICOMStore
    private let filter: InstanceFilter
    private var page: ArraySlice<StoredInstance> = []
    private var position: InstancePosition?
    private var isAtEnd = false

    public init(_ store: DICOMStore, matching filter: InstanceFilter = .all) {
        self.store = store
        self.filter = filter
    }

    /// nil at the end.
    public mutating func next() throws -> StoredInstance? {
        if page.isEmpty && !isAtEnd {
            page = try store.instances(matching: filter, after: position, limit: 1000)[...]
            position = page.last?.position
            isAtEnd = page.count < 1000
        }
        return page.popFirst()
    }
}
