import Synchronization

/// Who is connected, so that no caller takes up what others need.
final class ConnectionTable: Sendable {
    private struct State {
        var silent: [String: Int] = [:]
        var associations: [String: Int] = [:]
        var connectionCount = 0
        var associationCount = 0
    }

    private let state = Mutex(State())
    private let limits: DICOMServer.Limits

    init(limits: DICOMServer.Limits) { self.limits = limits }

    /// Whether a new connection may stay.
    func connect(_ address: String) -> Bool {
        state.withLock { state in
            guard state.connectionCount < limits.connections,
                state.silent[address, default: 0] < limits.silentConnectionsPerPeer
            else { return false }
            state.connectionCount += 1
            state.silent[address, default: 0] += 1
            return true
        }
    }

    /// The connection has asked for an association, or was closed before it did.
    func speaks(_ address: String) { state.withLock { $0.silent.decrement(address) } }

    func disconnect() { state.withLock { $0.connectionCount -= 1 } }

    /// Whether there is room for an association.
    func associate(_ address: String) -> Bool {
        state.withLock { state in
            guard state.associationCount < limits.associations,
                state.associations[address, default: 0] < limits.associationsPerPeer
            else { return false }
            state.associationCount += 1
            state.associations[address, default: 0] += 1
            return true
        }
    }

    func dissociate(_ address: String) {
        state.withLock { state in
            state.associationCount -= 1
            state.associations.decrement(address)
        }
    }

    var associationCount: Int { state.withLock { $0.associationCount } }
}

extension [String: Int] {
    fileprivate mutating func decrement(_ key: String) {
        guard let count = self[key] else { return }
        self[key] = count > 1 ? count - 1 : nil
    }
}
