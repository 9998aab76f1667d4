import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// Makes associations with one other application.
struct Connector: Sendable {
    let title: AETitle
    let peer: DICOMEndpoint
    var timeouts = NetworkTimeouts()
    var pduLength = 1 << 17

    /// Proposes services.
    ///
    /// - Parameters:
    ///   - roles: where this side is to perform.
    ///   - window: messages under way at once that this side would like; the other side may say one.
    /// - Returns: an association with at least one service accepted.
    func associate(
        _ proposals: [PresentationProposal], roles: [UserInformation.Role] = [], window: Int = 1
    ) throws(DICOMNetworkError) -> Association {
        let inbox = Inbox(limit: 8 * pduLength)
        let channel = try connect(inbox)
        var user = UserInformation(maximumLength: UInt32(pduLength))
        user.roles = roles
        if window > 1 { user.window = .init(invoked: UInt16(clamping: window), performed: 1) }
        let request = AssociateRequest(
            calledTitle: peer.title.description, callingTitle: title.description, contexts: proposals, user: user)
        channel.writeAndFlush(PDU.associateRequest(request).encoded, promise: nil)
        do throws(DICOMNetworkError) {
            let accept = try answer(inbox)
            let association = Association(
                callingTitle: title.description, calledTitle: peer.title.description, peer: peer.description,
                contexts: contexts(accept, proposals, roles), window: Int(accept.user.window?.invoked ?? 1),
                maximumLength: accept.user.maximumLength, channel: channel, inbox: inbox, timeouts: timeouts)
            if association.contexts.isEmpty {
                association.release()
                throw DICOMNetworkError(.notNegotiated, peer.description, "The other side has no such service.")
            }
            return association
        } catch {
            channel.close(promise: nil)
            throw error
        }
    }

    private func connect(_ inbox: Inbox) throws(DICOMNetworkError) -> any Channel {
        let name = peer.description
        do {
            let security = try peer.security.map { try ClientSecurity($0) }
            return try ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.nanoseconds(timeouts.connection.nanoseconds))
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 1 << 17))
                .channelInitializer { [peer, pduLength, timeouts] channel in
                    channel.eventLoop.makeCompletedFuture {
                        if let security {
                            try channel.pipeline.syncOperations.addHandler(security.handler(for: peer.host))
                        }
                        try channel.pipeline.syncOperations.addHandler(
                            AssociationHandler(
                                inbox: inbox, peer: name, limits: PDULimits(dataLength: pduLength),
                                timeouts: timeouts, accept: nil))
                    }
                }
                .connect(host: peer.host, port: peer.port).wait()
        } catch let error as DICOMNetworkError {
            throw error
        } catch {
            throw DICOMNetworkError(
                .unreachable, name, "No connection: \(Self.text(of: error)). Check address and port.")
        }
    }

    /// The system's words alone, where there are any.
    private static func text(of error: any Error) -> String {
        let first = (error as? NIOConnectionError)?.connectionErrors.first?.error ?? error
        guard let failure = first as? IOError else { return "\(first)" }
        return String(cString: strerror(failure.errnoCode))
    }

    private func answer(_ inbox: Inbox) throws(DICOMNetworkError) -> AssociateAccept {
        switch try inbox.take(within: timeouts.association) {
        case .associateAccept(let accept): return accept
        case .associateReject(let reject):
            throw DICOMNetworkError(
                .rejected, peer.description, "The other side refused the association: \(reject.text).")
        case nil:
            throw DICOMNetworkError(
                .timedOut, peer.description,
                "The other side did not answer within \(timeouts.association). Is it a DICOM application?")
        case .some:
            throw DICOMNetworkError(.protocolViolation, peer.description, "The answer is none to our request.")
        }
    }

    /// What was both proposed and accepted, services and roles.
    private func contexts(
        _ accept: AssociateAccept, _ proposals: [PresentationProposal], _ roles: [UserInformation.Role]
    ) -> [Association.Context] {
        accept.contexts.compactMap { answer in
            guard answer.result == .accepted, let proposal = proposals.first(where: { $0.id == answer.id }),
                proposal.transferSyntaxes.contains(answer.transferSyntax)
            else { return nil }
            let isOfClass: (UserInformation.Role) -> Bool = { $0.sopClass == proposal.abstractSyntax }
            var role = UserInformation.Role(
                sopClass: proposal.abstractSyntax, isUser: true, isProvider: false)
            if let wanted = roles.first(where: isOfClass), let agreed = accept.user.roles.first(where: isOfClass) {
                role.isUser = wanted.isUser && agreed.isUser
                role.isProvider = wanted.isProvider && agreed.isProvider
            }
            return Association.Context(
                id: proposal.id, abstractSyntax: proposal.abstractSyntax, transferSyntax: answer.transferSyntax,
                isUser: role.isUser, isProvider: role.isProvider)
        }
    }
}

/// TLS for a caller.
private struct ClientSecurity: Sendable {
    private let context: NIOSSLContext
    private let verifiesHostname: Bool

    init(_ security: DICOMSecurity) throws {
        verifiesHostname = security.verifiesHostname
        do {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            if !verifiesHostname { configuration.certificateVerification = .noHostnameVerification }
            if let roots = security.trustRoots {
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(roots.utf8)))
            }
            if let chain = security.certificateChain, let key = security.privateKey {
                configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(chain.utf8)).map {
                    .certificate($0)
                }
                configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
            }
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw DICOMNetworkError(.secureConnectionFailed, "TLS", "The certificate or key is unusable: \(error)")
        }
    }

    func handler(for host: String) throws -> NIOSSLClientHandler {
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }
}
