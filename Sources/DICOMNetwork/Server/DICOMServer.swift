public import DICOMStore
import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A store on the DICOM network: takes instances in, answers queries, sends instances out.
///
/// One event loop moves bytes and decides who may speak; each association then has a thread of its own, on which all
/// work on files and the index is done. A connection that does not ask for an association has none.
public final class DICOMServer: Sendable {
    public let configuration: Configuration
    public let store: DICOMStore
    private let context: ServerContext
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let table: ConnectionTable
    private let running = Mutex(Running())

    private struct Running {
        var listener: (any Channel)?
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isStopping = false
    }

    /// - Parameter onEvent: is told what happens, from any thread.
    public init(
        _ configuration: Configuration, store: DICOMStore, onEvent: (@Sendable (Event) -> Void)? = nil
    ) {
        self.configuration = configuration
        self.store = store
        table = ConnectionTable(limits: configuration.limits)
        context = ServerContext(
            configuration: configuration, store: store, onEvent: onEvent)
    }

    /// Binds the port and returns; associations are served until ``stop()``.
    public func start() throws {
        let security = try configuration.security.map { try ServerSecurity($0) }
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 1 << 17))
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try accept(channel, security) }
            }
        do {
            let listener = try bootstrap.bind(host: configuration.host, port: configuration.port).wait()
            running.withLock { $0.listener = listener }
        } catch {
            throw DICOMNetworkError(
                .cannotListen, "\(configuration.host):\(configuration.port)",
                "Cannot listen here: \(error). Choose another port, or stop what holds it.")
        }
    }

    /// The port that is listened on; nil before ``start()``.
    public var port: Int? { running.withLock { $0.listener?.localAddress?.port } }

    /// How many associations there are now.
    public var associationCount: Int { table.associationCount }

    /// Ends all connections and returns when every thread has ended; what is being committed is still committed.
    public func stop() {
        let (listener, channels) = running.withLock { running in
            running.isStopping = true
            return (running.listener, Array(running.channels.values))
        }
        try? listener?.close().wait()
        for channel in channels { channel.close(promise: nil) }
        while table.associationCount > 0 { Thread.sleep(forTimeInterval: 0.005) }
        try? group.syncShutdownGracefully()
    }

    /// On the event loop.
    private func accept(_ channel: any Channel, _ security: ServerSecurity?) throws {
        let address = channel.remoteAddress?.ipAddress ?? ""
        let isStopping = running.withLock { running in
            running.channels[ObjectIdentifier(channel)] = channel
            return running.isStopping
        }
        guard !isStopping, table.connect(address) else {
            running.withLock { $0.channels[ObjectIdentifier(channel)] = nil }
            context.tell(.refused(peer: address, reason: "too many connections"))
            return channel.close(promise: nil)
        }
        let silence = Silence(table: table, address: address)
        channel.closeFuture.whenComplete { [self] _ in
            silence.end()
            table.disconnect()
            running.withLock { $0.channels[ObjectIdentifier(channel)] = nil }
        }
        if let security { try channel.pipeline.syncOperations.addHandler(security.handler()) }
        let limits = PDULimits(dataLength: configuration.limits.pduLength)
        let handler = AssociationHandler(
            inbox: Inbox(limit: 8 * limits.dataLength), peer: address, limits: limits,
            timeouts: configuration.timeouts
        ) { [self] request, channel, inbox in
            silence.end()
            return answer(request, channel, inbox, address)
        }
        try channel.pipeline.syncOperations.addHandler(handler)
    }

    private func answer(
        _ request: AssociateRequest, _ channel: any Channel, _ inbox: Inbox, _ address: String
    ) -> (PDU, (@Sendable () -> Void)?) {
        let peer = "\(AETitle(request.callingTitle)?.description ?? "?") at \(address)"
        func refuse(_ reject: AssociateReject) -> (PDU, (@Sendable () -> Void)?) {
            context.tell(.refused(peer: peer, reason: reject.text))
            return (.associateReject(reject), nil)
        }
        let negotiation = Negotiation(configuration: configuration)
        switch negotiation.decide(request, from: channel.remoteAddress?.ipAddress) {
        case .refused(let reject): return refuse(reject)
        case .agreed(let accept, let contexts):
            guard table.associate(address) else { return refuse(.localLimitExceeded) }
            let association = Association(
                callingTitle: request.callingTitle, calledTitle: request.calledTitle, peer: peer,
                contexts: contexts, window: Int(accept.user.window?.invoked ?? 1),
                maximumLength: request.user.maximumLength, channel: channel, inbox: inbox,
                timeouts: configuration.timeouts)
            return (.associateAccept(accept), { [self] in serve(association, address) })
        }
    }

    private func serve(_ association: Association, _ address: String) {
        let thread = Thread { [context, table] in
            AssociationSession(association, context).run()
            table.dissociate(address)
        }
        thread.name = "dicom-association"
        thread.stackSize = 8 << 20
        thread.start()
    }
}

/// A connection that has not asked for an association; it stops being one once.
private final class Silence: Sendable {
    private let table: ConnectionTable
    private let address: String
    private let hasEnded = Mutex(false)

    init(table: ConnectionTable, address: String) {
        self.table = table
        self.address = address
    }

    func end() {
        let isFirst = hasEnded.withLock { ended in
            defer { ended = true }
            return !ended
        }
        if isFirst { table.speaks(address) }
    }
}
