import ArgumentParser
import DICOMNetwork
import DICOMStore
import Foundation
import LightboxCore
import Pipelines

struct DICOMListen: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listen", abstract: "Put a store on the DICOM network until Ctrl-C.",
        discussion: """
            Others can then send to it (C-STORE), query it (C-FIND) and retrieve from it (C-GET, and C-MOVE to the \
            applications named with --destination). DICOM knows no passwords: outside this machine, say with --allow \
            who may call.

            Examples:
              lightbox dicom listen --store study1
              lightbox dicom listen --store study1 --host 0.0.0.0 --port 104 --title WARD3 \
            --allow SCANNER@10.0.0.0/24 --destination ARCHIVE@10.0.0.5:104
            """)

    @OptionGroup var store: StoreOptions
    @Option(help: "The address to listen on.") var host = "127.0.0.1"
    @Option(help: "The port to listen on; 0 for any free one.") var port = 11112
    @Option(help: ArgumentHelp("Our AE title. (default: LIGHTBOX)", valueName: "title")) var title: AETitle?
    @Flag(help: "Refuse callers that ask for another title.") var onlyOwnTitle = false
    @Option(
        help: ArgumentHelp(
            "Who may call: TITLE, TITLE@ADDRESS or @ADDRESS, an address being 10.1.2.3 or 10.1.0.0/16; may be "
                + "given often. (default: everybody)", valueName: "caller"))
    var allow: [AllowedPeer] = []
    @Option(help: ArgumentHelp("Where C-MOVE may send; may be given often.", valueName: "title@host:port"))
    var destination: [PeerAddress] = []
    @OptionGroup var security: SecurityArguments
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("--port takes 0 to 65535.") }
        guard !security.tls || security.tlsCertificate != nil else {
            throw ValidationError("Who is called needs --tls-certificate and --tls-key.")
        }
    }

    func run() throws {
        try global.run { context in
            let store = try store.open(in: context.home, creating: true)
            let audit = DICOMAudit(home: context.home, store: store.name)
            let server = DICOMServer(try configuration(context.home), store: store) { event in
                global.note("\(event)")
                audit.add(event)
            }
            try server.start()
            let configuration = server.configuration
            global.note("\(configuration.title) listens on \(host):\(server.port ?? port); Ctrl-C ends it.")
            while !context.isCancelled() {
                Thread.sleep(forTimeInterval: 0.1)
                try audit.flush()
            }
            server.stop()
            try audit.flush(now: true)
        }
    }

    private func configuration(_ home: Home) throws -> DICOMServer.Configuration {
        var configuration = DICOMServer.Configuration(title: title ?? .lightbox)
        configuration.host = host
        configuration.port = port
        configuration.answersToAnyTitle = !onlyOwnTitle
        if !allow.isEmpty { configuration.peers = allow.map(\.rule) }
        configuration.destinations = destination.map(\.endpoint)
        configuration.security = try security.load(in: home)
        configuration.security?.requiresPeerCertificate = security.tlsTrust != nil
        return configuration
    }
}

/// `TITLE`, `TITLE@ADDRESS` or `@ADDRESS`.
struct AllowedPeer: ExpressibleByArgument, Sendable {
    let rule: PeerRule

    init?(argument: String) {
        let parts = argument.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let title = AETitle(String(parts[0]))
        guard title != nil || (parts[0].isEmpty && parts.count == 2) else { return nil }
        guard parts.count == 2 else {
            rule = PeerRule(title: title)
            return
        }
        guard let range = NetworkRange(String(parts[1])) else { return nil }
        rule = PeerRule(title: title, addresses: [range])
    }
}
