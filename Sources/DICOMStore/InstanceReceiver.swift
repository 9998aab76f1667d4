import Dispatch
import LightboxCore
import Synchronization

/// Takes in instances that arrive over a network on several threads at once.
///
/// Each thread waits until its instance is on the disk, file and index row. Instances that are complete at the same
/// time are committed together, so that they share the waiting for the disk; one that comes alone waits for nobody.
public final class InstanceReceiver: @unchecked Sendable {
    // Unchecked: the folder's path never changes, and the folder is otherwise only kept alive.
    private let store: DICOMStore
    private let folder: IncomingFolder
    private let queue = Mutex(Queue())

    private struct Queue {
        var waiting: [Ticket] = []
        /// Whether a thread is committing.
        var isLed = false
    }

    public init(_ store: DICOMStore) throws {
        self.store = store
        folder = try IncomingFolder(in: store.root + "/incoming")
    }

    public func begin() throws -> IncomingInstance { try IncomingInstance(in: folder.path) }

    /// Makes an instance part of the store.
    ///
    /// - Parameter record: of the instance, which it was read for before.
    /// - Returns: added, once it is on the disk; unchanged, when the store has its data set; or conflict.
    public func commit(_ instance: IncomingInstance, _ record: InstanceRecord) throws -> IngestOutcome {
        let uid = record.instance.sopInstanceUID
        if let outcome = try known(instance, uid) { return outcome }
        let ticket = Ticket(try instance.finish(record))
        let leads = queue.withLock { queue in
            queue.waiting.append(ticket)
            defer { queue.isLed = true }
            return !queue.isLed
        }
        if leads || ticket.waits() == .lead { lead(until: ticket) }
        return try withExtendedLifetime(instance) { try ticket.outcome() }
    }

    private func known(_ instance: IncomingInstance, _ uid: String) throws -> IngestOutcome? {
        guard let stored = try store.hash(of: uid) else { return nil }
        if stored == instance.hash { return .unchanged }
        return try instance.hasDataSet(of: store.path(for: stored)) ? .unchanged : .conflict
    }

    /// Commits what waits, `mine` included, and hands over to a thread that waits for the rest.
    private func lead(until mine: Ticket) {
        let batch = queue.withLock { queue in
            let batch = Array(queue.waiting.prefix(store.batchSize))
            queue.waiting.removeFirst(batch.count)
            return batch
        }
        let result = Result { try IngestBatch(store: store).commitSynced(batch.map(\.file)) }
        for (index, ticket) in batch.enumerated() { ticket.settle(result.map { $0[index] }) }
        let next = queue.withLock { queue in
            queue.isLed = !queue.waiting.isEmpty
            return queue.waiting.first
        }
        next?.lead()
    }
}

/// One instance that waits to be committed, and the thread that waits for it.
private final class Ticket: Sendable {
    enum Word { case lead, settled }

    let file: IncomingFile.Accepted
    private let state = Mutex<Result<IngestOutcome, any Error>?>(nil)
    private let semaphore = DispatchSemaphore(value: 0)

    init(_ file: IncomingFile.Accepted) { self.file = file }

    func lead() { semaphore.signal() }

    func settle(_ result: Result<IngestOutcome, any Error>) {
        state.withLock { $0 = result }
        semaphore.signal()
    }

    func waits() -> Word {
        semaphore.wait()
        return state.withLock { $0 == nil } ? .lead : .settled
    }

    /// - Precondition: it is settled.
    func outcome() throws -> IngestOutcome {
        guard let result = state.withLock({ $0 }) else {
            throw DICOMStoreError(.catalogUnusable, "An instance was passed over while others were committed.")
        }
        return try result.get()
    }
}
