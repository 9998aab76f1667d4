import Dispatch
import Synchronization

/// What has arrived on an association and waits for the thread that serves it.
///
/// The event loop puts in and never waits. When more lies here than ``limit`` bytes it stops reading from the socket,
/// so that a fast sender fills its own buffers and not our memory.
final class Inbox: Sendable {
    private struct State {
        /// The oldest last.
        var taken: [(pdu: PDU, size: Int)] = []
        var added: [(pdu: PDU, size: Int)] = []
        var size = 0
        var end: DICOMNetworkError?
        var isPaused = false
        var resume: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    /// As many as there are PDUs, and one more at the end.
    private let count = DispatchSemaphore(value: 0)
    let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Whether the socket may be read on. When not, `resume` is called once there is room again.
    func mayRead(orElse resume: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard state.size > limit, state.end == nil else { return true }
            state.isPaused = true
            state.resume = resume
            return false
        }
    }

    func put(_ pdu: PDU, size: Int) {
        let isOpen = state.withLock { state in
            guard state.end == nil else { return false }
            state.added.append((pdu, size))
            state.size += size
            return true
        }
        if isOpen { count.signal() }
    }

    /// Nothing comes after this; what is there can still be taken.
    func close(_ error: DICOMNetworkError) {
        let isFirst = state.withLock { state in
            guard state.end == nil else { return false }
            state.end = error
            return true
        }
        if isFirst { count.signal() }
    }

    var isClosed: Bool { state.withLock { $0.end != nil } }

    /// Waits for the next PDU.
    ///
    /// - Returns: nil when none came in time.
    /// - Throws: why the association ended.
    func take(within timeout: Duration) throws(DICOMNetworkError) -> PDU? {
        guard count.wait(timeout: .now() + timeout.interval) == .success else { return nil }
        let (pdu, end, resume) = state.withLock { state in
            if state.taken.isEmpty {
                state.taken = state.added.reversed()
                state.added.removeAll()
            }
            let next = state.taken.popLast()
            state.size -= next?.size ?? 0
            var resume: (@Sendable () -> Void)?
            if state.isPaused && state.size <= limit / 2 {
                (resume, state.resume) = (state.resume, nil)
                state.isPaused = false
            }
            return (next?.pdu, state.end, resume)
        }
        resume?()
        if let pdu { return pdu }
        count.signal()  // The end stays to be met again.
        throw end ?? DICOMNetworkError(.closed, "DICOM", "The connection was closed.")
    }
}
