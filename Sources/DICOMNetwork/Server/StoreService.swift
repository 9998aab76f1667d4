import Dispatch
import Synchronization

/// Takes in what one association sends (C-STORE). An instance is acknowledged only when the store says that file and
/// index row are on the disk.
///
/// Where several messages may be under way, the next is read while the one before waits for the disk.
final class StoreService: Sendable {
    private let association: Association
    private let target: InstanceTarget
    private let limits: DICOMServer.Limits
    private let counts = Mutex(DICOMServer.Tally())
    private let pending = DispatchGroup()
    private let room: DispatchSemaphore
    private let isPipelined: Bool
    /// Threads for instances that wait for the disk while others arrive.
    private static let committing = DispatchQueue(label: "dicom-commit", attributes: .concurrent)

    init(_ association: Association, _ target: InstanceTarget, _ limits: DICOMServer.Limits) {
        self.association = association
        self.target = target
        self.limits = limits
        let window = association.window == 0 ? limits.window : min(association.window, limits.window)
        isPipelined = window > 1
        room = DispatchSemaphore(value: max(window, 1))
    }

    var tally: DICOMServer.Tally { counts.withLock { $0 } }

    /// Returns when no instance waits for the disk any more.
    func waitForAll() { if isPipelined { pending.wait() } }

    func receive(_ message: Message) throws(DICOMNetworkError) {
        let arrival = Arrival(message, to: target, limit: limits.instanceBytes)
        try association.readDataSet(of: message) { arrival.append($0) }
        guard isPipelined else { return try association.send(settle(arrival), on: message.context) }
        room.wait()
        pending.enter()
        Self.committing.async { [self] in
            // When the connection broke, its own thread tells of it.
            try? association.send(settle(arrival), on: message.context)
            room.signal()
            pending.leave()
        }
    }

    private func settle(_ arrival: Arrival) -> CommandSet {
        let result = arrival.commit()
        counts.withLock { $0.count(result) }
        return arrival.command.answer(result.status, comment: result.comment)
    }
}

extension DICOMServer.Tally {
    mutating func count(_ result: Arrival.Result) {
        switch result {
        case .added: added += 1
        case .known: unchanged += 1
        case .failed: refused += 1
        }
    }
}
