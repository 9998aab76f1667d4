import DICOMNetwork
import DICOMStore
import LightboxCore
import Server

/// Writes down who did what over the DICOM network: one line an operation, one for all that an association stored.
struct DICOMAudit: Sendable {
    private let log: AuditLog
    private let resources: [(name: String, value: String)]

    init(home: Home, store: DICOMStoreName) {
        log = AuditLog(home: home)
        resources = [("dataset", store.dataset), ("store", store.store)]
    }

    /// Keeps it in mind until ``flush(now:)``: an event loop may be waiting.
    func add(_ event: DICOMServer.Event) {
        switch event {
        case .refused(let peer, _): log.add("DICOM association refused", resources: resources, by: peer)
        case .began: break
        case .performed(let peer, let service, _, let count):
            log.add("DICOM \(service.rawValue)", resources: resources, by: peer, instances: count)
        case .ended(let peer, let tally, _):
            guard !tally.isEmpty else { break }
            log.add("DICOM store", resources: resources, by: peer, instances: tally.added + tally.unchanged)
        }
    }

    func flush(now: Bool = false) throws { try log.flush(now: now) }
}
