import Foundation

/// At most so many connections, opened when they are needed and kept for whoever comes next.
final class PostgresPool: @unchecked Sendable {
    // Unchecked: all that changes is touched only with `condition` locked; a connection that is out has one user.
    private let condition = NSCondition()
    private let address: PostgresAddress
    private let place: String
    private let limit: Int
    private var idle: [PostgresConnection] = []
    private var count = 0

    /// How long a caller waits for a connection, as SQLite's callers wait for its lock.
    static let patience = 30.0

    init(_ address: PostgresAddress, place: String, limit: Int) {
        (self.address, self.place, self.limit) = (address, place, limit)
    }

    /// - Parameter isNew: whether one that has been idle, and may have broken meanwhile, will not do.
    func take(isNew: Bool) throws -> PostgresConnection {
        let deadline = Date(timeIntervalSinceNow: Self.patience)
        condition.lock()
        while idle.isEmpty, count >= limit {
            guard condition.wait(until: deadline) else {
                condition.unlock()
                throw DatabaseFailure(.busy, "\(place): all \(limit) connections have been in use for too long.")
            }
        }
        if isNew {
            count -= idle.count
            idle = []
        } else if let connection = idle.popLast() {
            condition.unlock()
            return connection
        }
        count += 1
        condition.unlock()
        do {
            return try PostgresConnection(address, place: place)
        } catch {
            leave()
            throw error
        }
    }

    func giveBack(_ connection: PostgresConnection) {
        guard !connection.isBroken, !connection.isSpent, connection.isIdle else { return leave() }
        condition.withLock {
            idle.append(connection)
            condition.signal()
        }
    }

    private func leave() {
        condition.withLock {
            count -= 1
            condition.signal()
        }
    }
}
