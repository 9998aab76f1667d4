import Foundation
public import LightboxCore
import Synchronization

/// Who did what, gathered from all requests and written many times a second by one thread.
///
/// What was answered in the last moments before the process is killed may be missing; the chain is whole
/// nevertheless. While the file cannot be written, requests are refused before too much is held; of what was under way
/// by then, and of other services, only so much is kept, and the rest is counted.
public final class AuditLog: Sendable {
    private struct Waiting {
        var records: [AuditRecord] = []
        /// Records that the writer has taken and not written yet.
        var taken = 0
        /// Records that there was no room for.
        var lost = 0

        var held: Int { records.count + taken }
    }

    // Touched under the lock only.
    private struct Writer: @unchecked Sendable {
        var file: AuditFile?
        /// Taken, and not in the file.
        var unwritten: [AuditRecord] = []
        /// After a failure.
        var nextTry = ContinuousClock.now
        var lastSync = ContinuousClock.now
        var needsSync = false
    }

    private let home: Home
    private let waiting = Mutex(Waiting())
    private let writer = Mutex(Writer())
    private let isStuck = Atomic<Bool>(false)
    /// Between syncs, and between tries while the file cannot be written.
    private static let interval = Duration.seconds(1)
    private static let maximumHeld = 100_000

    public init(home: Home) { self.home = home }

    func add(_ record: AuditRecord) {
        let held = waiting.withLock { waiting in
            if waiting.held < 2 * Self.maximumHeld { waiting.records.append(record) } else { waiting.lost += 1 }
            return waiting.held
        }
        if held >= Self.maximumHeld { isStuck.store(true, ordering: .relaxed) }
    }

    /// - Throws: ``ServerError`` while the log cannot be written: what is not written down is not done.
    func check() throws {
        if isStuck.load(ordering: .relaxed) {
            throw ServerError(
                .shuttingDown, "The audit log cannot be written. See to the disk of the home folder.")
        }
    }

    /// Writes what was gathered; after a failure not before a second has passed.
    ///
    /// - Parameter now: writes and brings it to the disk at once.
    public func flush(now isLast: Bool = false) throws {
        try writer.withLock { writer in
            let time = ContinuousClock.now
            guard isLast || time >= writer.nextTry else { return }
            writer.nextTry = time + Self.interval
            while try writeNext(&writer), isLast {}
            writer.nextTry = time
            guard writer.needsSync, isLast || time - writer.lastSync >= Self.interval else { return }
            writer.lastSync = time
            try writer.file?.sync()
            writer.needsSync = false
        }
    }

    /// - Returns: whether there was anything to write.
    private func writeNext(_ writer: inout Writer) throws -> Bool {
        if writer.unwritten.isEmpty {
            writer.unwritten = waiting.withLock { waiting in
                if waiting.lost > 0 {
                    waiting.records.append(
                        AuditRecord(
                            time: Date().timeIntervalSince1970, who: "local", what: "audit records lost",
                            instances: waiting.lost))
                    waiting.lost = 0
                }
                waiting.taken = waiting.records.count
                defer { waiting.records = [] }
                return waiting.records
            }
        }
        guard !writer.unwritten.isEmpty else { return false }
        let file = try writer.file ?? AuditFile(home: home)
        writer.file = file
        try file.append(writer.unwritten)
        writer.unwritten = []
        writer.needsSync = true
        let held = waiting.withLock { waiting in
            waiting.taken = 0
            return waiting.held
        }
        isStuck.store(held >= Self.maximumHeld, ordering: .relaxed)
        return true
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
