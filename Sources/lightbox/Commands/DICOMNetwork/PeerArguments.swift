import ArgumentParser
import DICOMNetwork
import Foundation
import LightboxCore
import Pipelines

/// `TITLE@HOST:PORT`, where another DICOM application listens.
struct PeerAddress: ExpressibleByArgument, Sendable {
    let endpoint: DICOMEndpoint

    init?(argument: String) {
        guard let at = argument.firstIndex(of: "@"), let title = AETitle(String(argument[..<at])),
            let colon = argument.lastIndex(of: ":"), at < colon,
            let port = Int(argument[argument.index(after: colon)...]), (1...65535).contains(port)
        else { return nil }
        var host = argument[argument.index(after: at)..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty else { return nil }
        endpoint = DICOMEndpoint(title: title, host: String(host), port: port)
    }
}

/// Which application is called, and as whom.
struct PeerArguments: ParsableArguments {
    @Argument(help: ArgumentHelp("The other application.", valueName: "title@host:port")) var peer: PeerAddress
    @Option(help: ArgumentHelp("The AE title to call as. (default: LIGHTBOX)", valueName: "title"))
    var callingTitle: AETitle?
    @Option(help: "Seconds to wait for an answer.") var timeout = 300
    @OptionGroup var security: SecurityArguments

    func validate() throws { try checkTimeout(timeout) }

    func client(in home: Home) throws -> DICOMClient {
        try makeClient(peer, callingTitle, timeout, security, home)
    }
}

extension AETitle {
    static var lightbox: AETitle {
        guard let title = AETitle("LIGHTBOX") else { preconditionFailure("LIGHTBOX is an AE title") }
        return title
    }
}

/// TLS, for callers and for those who are called.
struct SecurityArguments: ParsableArguments {
    @Flag(help: "Use TLS.") var tls = false
    @Option(help: ArgumentHelp("PEM: whom to trust, in place of the system's list.", valueName: "file"))
    var tlsTrust: String?
    @Option(help: ArgumentHelp("PEM: the certificate to show.", valueName: "file")) var tlsCertificate: String?
    @Option(help: ArgumentHelp("PEM: its private key.", valueName: "file")) var tlsKey: String?
    @Flag(help: "Trust a certificate that is made out for another host's name.") var tlsAnyHostname = false

    func validate() throws {
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key belong together.")
        }
        guard tls || (tlsTrust == nil && tlsCertificate == nil && !tlsAnyHostname) else {
            throw ValidationError("The other --tls options need --tls.")
        }
    }

    /// nil without TLS.
    func load(in home: Home) throws -> DICOMSecurity? {
        guard tls else { return nil }
        func text(_ file: String?) throws -> String? {
            try file.map {
                try String(contentsOfFile: RemoteFiles.file(of: home.localPath(of: $0)), encoding: .utf8)
            }
        }
        var security = DICOMSecurity(
            certificateChain: try text(tlsCertificate), privateKey: try text(tlsKey),
            trustRoots: try text(tlsTrust))
        security.verifiesHostname = !tlsAnyHostname
        return security
    }
}

/// As ``PeerArguments``, for a command whose arguments are files.
struct DestinationArguments: ParsableArguments {
    @Option(help: ArgumentHelp("The other application.", valueName: "title@host:port")) var to: PeerAddress
    @Option(help: ArgumentHelp("The AE title to call as. (default: LIGHTBOX)", valueName: "title"))
    var callingTitle: AETitle?
    @Option(help: "Seconds to wait for an answer.") var timeout = 300
    @OptionGroup var security: SecurityArguments

    func validate() throws { try checkTimeout(timeout) }

    func client(in home: Home) throws -> DICOMClient {
        try makeClient(to, callingTitle, timeout, security, home)
    }
}

private func checkTimeout(_ seconds: Int) throws {
    guard (1...86400).contains(seconds) else { throw ValidationError("--timeout takes 1 to 86400 seconds.") }
}

private func makeClient(
    _ peer: PeerAddress, _ title: AETitle?, _ timeout: Int, _ security: SecurityArguments, _ home: Home
) throws -> DICOMClient {
    var endpoint = peer.endpoint
    endpoint.security = try security.load(in: home)
    var client = DICOMClient(title: title ?? .lightbox, peer: endpoint)
    let seconds = Duration.seconds(timeout)
    client.timeouts.answer = seconds
    client.timeouts.idle = min(seconds, client.timeouts.idle)
    client.timeouts.connection = min(seconds, client.timeouts.connection)
    client.timeouts.association = min(seconds, client.timeouts.association)
    return client
}
