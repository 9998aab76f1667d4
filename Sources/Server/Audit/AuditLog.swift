import Foundation
public import LightboxCore
import Synchronization

/// Who did what, gathered from all requests and written many times a second by one thread.
///
/// What was answered in the last moments before the process is killed may be missing; the chain is whole
/// nevertheless. When the file cannot be written, requests are refused before too much is held.
public final class AuditLog: Sendable {
    // Touched under the lock only.
    private struct Writer: @unchecked Sendable {
        var file: AuditFile?
        var lastSync = ContinuousClock.now
        var needsSync = false
    }

    private let home: Home
    private let pending = Mutex<[AuditRecord]>([])
    private let writer = Mutex(Writer())
    private let isStuck = Atomic<Bool>(false)
    private static let syncInterval = Duration.seconds(1)
    private static let maximumHeld = 100_000

    public init(home: Home) { self.home = home }

    func add(_ record: AuditRecord) {
        let count = pending.withLock { records in
            records.append(record)
            return records.count
        }
        if count >= Self.maximumHeld { isStuck.store(true, ordering: .relaxed) }
    }

    /// - Throws: ``ServerError`` while the log cannot be written: what is not written down is not done.
    func check() throws {
        if isStuck.load(ordering: .relaxed) {
            throw ServerError(
                .shuttingDown, "The audit log cannot be written. See to the disk of the home folder.")
        }
    }

    /// Writes what was gathered.
    ///
    /// - Parameter now: brings it to the disk at once, not within a second.
    public func flush(now isLast: Bool = false) throws {
        try writer.withLock { writer in
            let records = pending.withLock { records in
                defer { records = [] }
                return records
            }
            do {
                if !records.isEmpty {
                    let file = try writer.file ?? AuditFile(home: home)
                    writer.file = file
                    try file.append(records)
                    writer.needsSync = true
                }
                isStuck.store(false, ordering: .relaxed)
            } catch {
                pending.withLock { $0 = records + $0 }
                throw error
            }
            let time = ContinuousClock.now
            guard writer.needsSync, isLast || time - writer.lastSync >= Self.syncInterval else { return }
            writer.lastSync = time
            try writer.file?.sync()
            writer.needsSync = false
        }
    }

    /// Gathers what a caller of another service has done, until ``flush(now:)``.
    ///
    /// - Parameters:
    ///   - what: `tokens create`
    ///   - resources: names and what they stand for.
    ///   - instances: how many it was done with.
    public func add(
        _ what: String, resources: [(name: String, value: String)], by user: String, instances: Int? = nil
    ) {
        add(
            AuditRecord(
                time: Date().timeIntervalSince1970, who: user, what: what, resources: resources,
                instances: instances))
    }

    /// Writes down at once what a command has done.
    public func note(_ what: String, resources: [(name: String, value: String)]) throws {
        add(what, resources: resources, by: "local")
        try flush(now: true)
    }
}
