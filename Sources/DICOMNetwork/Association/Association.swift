import Foundation
import NIOCore
import Synchronization

/// One association, as the thread sees it that speaks on it: every call waits for the network, none for ever.
///
/// A thread and not a task, since what is done with a message is work on files, which blocks.
final class Association: @unchecked Sendable {
    // Unchecked: `received` and `stash` belong to the thread that serves the association; `unsent` is touched only
    // with `writing` locked. What is sent may come from several threads, since channels take it from any.

    /// A service that both sides agreed on.
    struct Context: Sendable, Hashable {
        let id: UInt8
        let abstractSyntax: String
        let transferSyntax: String
        /// Which of the roles this side has.
        let isUser: Bool
        let isProvider: Bool
    }

    let callingTitle: String
    let calledTitle: String
    /// For messages: `MODALITY at 10.0.0.5` of a caller, `ARCHIVE at 10.0.0.5:104` of who was called.
    let peer: String
    let contexts: [UInt8: Context]
    /// Messages that may be under way at once, 0 for any number.
    let window: Int
    let timeouts: NetworkTimeouts
    /// Of what the other side takes in a P-DATA PDU.
    private let maximumLength: Int
    private let channel: any Channel
    private let inbox: Inbox
    /// The next one last.
    private var received: [PresentationDataValue] = []
    /// Taken from the inbox too early.
    private var stash: PDU?
    private var unsent = 0
    private let writing = NSLock()

    init(
        callingTitle: String, calledTitle: String, peer: String, contexts: [Context], window: Int,
        maximumLength: UInt32, channel: any Channel, inbox: Inbox, timeouts: NetworkTimeouts
    ) {
        self.callingTitle = callingTitle
        self.calledTitle = calledTitle
        self.peer = peer
        self.contexts = Dictionary(contexts.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.window = window
        self.timeouts = timeouts
        self.channel = channel
        self.inbox = inbox
        // A PDU holds at least a value's head and a byte; what is not limited we limit ourselves.
        let length = maximumLength == 0 ? 1 << 17 : Int(maximumLength)
        self.maximumLength = min(max(length, 64), 1 << 20)
    }

    // MARK: Receiving

    /// The next piece of a message.
    ///
    /// - Returns: nil when the other side asks to end the association, which is answered.
    func nextValue(within timeout: Duration) throws(DICOMNetworkError) -> PresentationDataValue? {
        while received.isEmpty {
            guard let pdu = try next(within: timeout) else {
                abort(.user)
                throw DICOMNetworkError(.timedOut, peer, "The other side was silent for \(timeout).")
            }
            switch pdu {
            case .data(let values): received = values.reversed()
            case .releaseRequest:
                write(.releaseReply)
                finish()
                return nil
            default: throw violation("A PDU came that has no place here.", .unexpectedPDU)
            }
        }
        return received.popLast()
    }

    private func next(within timeout: Duration) throws(DICOMNetworkError) -> PDU? {
        if let stash {
            self.stash = nil
            return stash
        }
        return try inbox.take(within: timeout)
    }

    /// The command that comes next, if it has arrived already as a whole; never waits and takes nothing.
    func peek() -> CommandSet? {
        if received.isEmpty && stash == nil {
            guard let pdu = try? inbox.take(within: .zero) else { return nil }
            if case .data(let values) = pdu { received = values.reversed() } else { stash = pdu }
        }
        guard let next = received.last, next.isCommand, next.isLast else { return nil }
        return try? CommandSet(bytes: Array(next.bytes.readableBytesView))
    }

    /// Whether the other side has asked to end the operation that it began with a message (C-CANCEL).
    func isCancelled(_ messageID: UInt16) -> Bool {
        guard let command = peek(), command.operation == .cancel else { return false }
        received.removeLast()
        return command.answeredMessageID == messageID
    }

    /// - Throws: when the other side is gone, so that nothing more is done for it.
    func checkOpen() throws(DICOMNetworkError) {
        if inbox.isClosed { throw DICOMNetworkError(.closed, peer, "The other side is gone.") }
    }

    /// Calls `body` once the connection is closed, from its event loop.
    func whenClosed(_ body: @escaping @Sendable () -> Void) { channel.closeFuture.whenComplete { _ in body() } }

    /// Ends the association because the other side broke the rules.
    func violation(_ why: String, _ reason: AbortReason = .invalidParameterValue) -> DICOMNetworkError {
        abort(reason)
        return DICOMNetworkError(.protocolViolation, peer, why)
    }

    // MARK: Sending

    /// Sends a message: its command, and the bytes of its data set when it has one.
    func send(_ command: CommandSet, on context: Context, data: [UInt8]? = nil) throws(DICOMNetworkError) {
        var output = ByteBuffer()
        append(command.encoded, isCommand: true, isLast: true, of: context, to: &output)
        if let data { append(ByteBuffer(bytes: data), isCommand: false, isLast: true, of: context, to: &output) }
        try flush(output)
    }

    /// Sends a piece of a data set, whose command was sent before.
    func send(_ bytes: ByteBuffer, isLast: Bool, on context: Context) throws(DICOMNetworkError) {
        var output = ByteBuffer()
        append(bytes, isCommand: false, isLast: isLast, of: context, to: &output)
        try flush(output)
    }

    private func append(
        _ bytes: ByteBuffer, isCommand: Bool, isLast: Bool, of context: Context, to output: inout ByteBuffer
    ) {
        var rest = bytes
        let most = (maximumLength - PresentationDataValue.overhead) & ~1
        repeat {
            let piece = rest.readSlice(length: min(most, rest.readableBytes)) ?? ByteBuffer()
            let isEnd = isLast && rest.readableBytes == 0
            PDU.data([
                PresentationDataValue(contextID: context.id, isCommand: isCommand, isLast: isEnd, bytes: piece)
            ]).write(to: &output)
        } while rest.readableBytes > 0
    }

    /// Waits for the socket every now and then, so that what the other side does not take stays with the caller.
    private func flush(_ output: ByteBuffer) throws(DICOMNetworkError) {
        let count = output.readableBytes
        let write = channel.writeAndFlush(output)
        let mustWait = writing.withLock {
            unsent += count
            guard unsent >= 1 << 20 else { return false }
            unsent = 0
            return true
        }
        if mustWait { try wait(for: write) }
    }

    private func wait(for write: EventLoopFuture<Void>) throws(DICOMNetworkError) {
        let done = DispatchSemaphore(value: 0)
        let succeeded = Mutex(false)
        write.whenComplete { result in
            if case .success = result { succeeded.withLock { $0 = true } }
            done.signal()
        }
        guard done.wait(timeout: .now() + timeouts.idle.interval) == .success else {
            close()
            throw DICOMNetworkError(.timedOut, peer, "The other side takes nothing any more.")
        }
        guard succeeded.withLock({ $0 }) else {
            throw DICOMNetworkError(.closed, peer, "The other side closed the connection.")
        }
    }

    private func write(_ pdu: PDU) { channel.writeAndFlush(pdu.encoded, promise: nil) }

    // MARK: Ending

    /// Asks the other side to end the association, and waits until it has, whatever it sends meanwhile.
    func release() {
        write(.releaseRequest)
        let end = ContinuousClock.now + timeouts.association
        while let pdu = try? inbox.take(within: end - .now) {
            if pdu == .releaseReply { break }
            if pdu == .releaseRequest { write(.releaseReply) }  // Both at once; PS3.8 section 9.2.
        }
        close()
    }

    func abort(_ reason: AbortReason) {
        write(.abort(reason))
        finish()
    }

    /// Leaves it to the other side to close the connection.
    private func finish() { channel.pipeline.fireUserInboundEventTriggered(AssociationEnded()) }

    func close() { channel.close(promise: nil) }
}
