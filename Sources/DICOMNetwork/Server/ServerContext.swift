import DICOMStore

/// What all associations of a server share.
struct ServerContext: Sendable {
    let configuration: DICOMServer.Configuration
    let store: DICOMStore
    let onEvent: (@Sendable (DICOMServer.Event) -> Void)?

    func tell(_ event: DICOMServer.Event) { onEvent?(event) }
}

extension DICOMServer {
    /// What a server tells of its work; no attribute's value is in it.
    public enum Event: Sendable, Hashable, CustomStringConvertible {
        case refused(peer: String, reason: String)
        case began(peer: String)
        /// An operation other than a single store has ended.
        case performed(peer: String, service: DICOMService, status: DIMSEStatus, count: Int)
        case ended(peer: String, tally: Tally, failure: String?)

        public var description: String {
            switch self {
            case .refused(let peer, let reason): return "\(peer): refused, \(reason)"
            case .began(let peer): return "\(peer): association"
            case .performed(let peer, let service, let status, let count):
                return "\(peer): \(service.rawValue) \(count), \(status)"
            case .ended(let peer, let tally, let failure):
                let stored = tally.isEmpty ? "" : ", \(tally)"
                return "\(peer): ended\(stored)\(failure.map { "; \($0)" } ?? "")"
            }
        }
    }

    /// How the instances that one association sent were taken.
    public struct Tally: Sendable, Hashable, CustomStringConvertible {
        public var added = 0
        public var unchanged = 0
        public var refused = 0

        public var isEmpty: Bool { added + unchanged + refused == 0 }
        public var description: String { "\(added) stored, \(unchanged) known, \(refused) refused" }
    }
}
