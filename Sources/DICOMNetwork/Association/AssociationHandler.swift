import Dispatch
import NIOCore

/// Turns a connection's bytes into PDUs and hands them to the thread that serves the association.
///
/// The part of the upper layer's state machine (PS3.8 section 9.2) that must not wait for a thread: what may come
/// first, how long that may take, and how a connection ends. Lives on its event loop.
final class AssociationHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Decides over a request on the event loop; gives the answer, and what is to follow once it is on its way.
    typealias Acceptor =
        @Sendable (AssociateRequest, any Channel, Inbox) -> (answer: PDU, then: (@Sendable () -> Void)?)

    private enum Phase { case awaitingRequest, awaitingAnswer, established, ending }

    private var reader: PDUReader
    private let inbox: Inbox
    private let peer: String
    private let timeouts: NetworkTimeouts
    private let accept: Acceptor?
    private var phase: Phase
    private var timer: Scheduled<Void>?

    /// - Parameter accept: for the side that is called; the caller has none.
    init(inbox: Inbox, peer: String, limits: PDULimits, timeouts: NetworkTimeouts, accept: Acceptor?) {
        self.inbox = inbox
        self.peer = peer
        self.timeouts = timeouts
        self.accept = accept
        reader = PDUReader(limits: limits)
        phase = accept == nil ? .awaitingAnswer : .awaitingRequest
    }

    func channelActive(context: ChannelHandlerContext) {
        if phase == .awaitingRequest { startTimer(context) }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase != .ending else { return }  // PS3.8 state 13: wait for the other side to close.
        reader.append(unwrapInboundIn(data))
        do {
            while phase != .ending, let pdu = try reader.next() { take(pdu, context) }
        } catch {
            abort(error.reason, error.description, context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.channel.acknowledgeAtOnce()
        context.fireChannelReadComplete()
    }

    /// The socket is read only while the inbox has room.
    func read(context: ChannelHandlerContext) {
        let channel = context.channel
        if inbox.mayRead(orElse: { channel.eventLoop.execute { channel.read() } }) { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        inbox.close(DICOMNetworkError(.closed, peer, "The other side closed the connection."))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        inbox.close(DICOMNetworkError(.closed, peer, "The connection broke: \(error)."))
        context.close(promise: nil)
    }

    private func take(_ pdu: PDU, _ context: ChannelHandlerContext) {
        switch (phase, pdu) {
        case (.ending, _): break
        case (.awaitingRequest, .associateRequest(let request)):
            timer?.cancel()
            guard let accept else { return }
            phase = .established
            let (answer, next) = accept(request, context.channel, inbox)
            context.writeAndFlush(wrapOutboundOut(answer.encoded), promise: nil)
            next?()
            if case .associateReject = answer { end(context) }
        case (.awaitingRequest, .abort): context.close(promise: nil)
        case (.awaitingRequest, _), (_, .associateRequest), (.established, .associateAccept),
            (.established, .associateReject):
            abort(.unexpectedPDU, "A PDU came that has no place here.", context)
        case (.awaitingAnswer, .abort(let reason)), (.established, .abort(let reason)):
            phase = .ending
            let who = reason.source == 0 ? "The other side" : "The other side's network layer"
            inbox.close(DICOMNetworkError(.aborted, peer, "\(who) aborted the association."))
            context.close(promise: nil)
        case (.awaitingAnswer, _), (.established, _):
            phase = .established
            inbox.put(pdu, size: pdu.size(ofLength: reader.length))
        }
    }

    private func abort(_ reason: AbortReason, _ why: String, _ context: ChannelHandlerContext) {
        inbox.close(DICOMNetworkError(.protocolViolation, peer, why))
        context.writeAndFlush(wrapOutboundOut(PDU.abort(reason).encoded), promise: nil)
        end(context)
    }

    /// Leaves closing to the other side, which has to do it in time.
    private func end(_ context: ChannelHandlerContext) {
        phase = .ending
        startTimer(context)
    }

    /// Waits for the other side to close once our thread has said the last word.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is AssociationEnded { end(context) }
        context.fireUserInboundEventTriggered(event)
    }

    /// ARTIM (PS3.8 section 9.1.5): what has to happen at once happens within it or the connection is closed.
    private func startTimer(_ context: ChannelHandlerContext) {
        timer?.cancel()
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: .nanoseconds(timeouts.association.nanoseconds)) {
            channel.close(promise: nil)
        }
    }
}

/// Tells the handler that the association is over and only the connection is left.
struct AssociationEnded: Sendable {}

extension PDU {
    /// Bytes that a PDU keeps in memory, roughly.
    ///
    /// - Parameter length: on the wire; a PDU of many small values keeps more.
    fileprivate func size(ofLength length: Int) -> Int {
        guard case .data(let values) = self else { return length + 256 }
        return values.reduce(64) { $0 + $1.bytes.readableBytes + 64 }
    }
}

extension Channel {
    /// Sends TCP's acknowledgement now. Senders that leave Nagle's algorithm on, as most do, hold back the end of a
    /// message until its start is acknowledged, and Linux delays that by 40 ms; the option lasts until the next answer.
    fileprivate func acknowledgeAtOnce() {
        #if os(Linux)
            guard let socket = self as? any SocketOptionProvider else { return }
            let quickAcknowledge = NIOBSDSocket.Option(rawValue: 12)  // TCP_QUICKACK in netinet/tcp.h
            _ = socket.unsafeSetSocketOption(level: .tcp, name: quickAcknowledge, value: CInt(1))
        #endif
    }
}

extension Duration {
    /// From 0 to some thirty years.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return min(seconds, 1_000_000_000) * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    var interval: DispatchTimeInterval { .nanoseconds(Int(nanoseconds)) }
}
