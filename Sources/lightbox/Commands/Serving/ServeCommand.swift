import ArgumentParser
import Foundation
import LightboxCore
import Pipelines
import Server
import Serving

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve models and DICOM stores over HTTP, and work on the queue.",
        discussion: """
            Answers Google's ml and healthcare v1, DICOMweb, BigQuery v2 over the warehouse's tables, TensorFlow Serving's REST, the Open Inference Protocol v2 \
            and its own pages; /openapi.json lists everything. Ends with Ctrl-C when what was taken is answered.

            Examples:
              lightbox serve
              lightbox serve --port 9000 --load flowers
              lightbox serve --cases flowers=flower_vectors
              curl -s localhost:8080/v1/models/flowers
            """)

    @Option(help: "The address to listen on.") var host = "127.0.0.1"
    @Option(help: "0: any that is free.") var port = 8080
    @Option(
        help: ArgumentHelp("PEM: the server's certificate, then those above it.", valueName: "file"),
        completion: .file(extensions: ["pem", "crt"]))
    var certificate: String?
    @Option(
        help: ArgumentHelp("PEM: the key of the certificate.", valueName: "file"),
        completion: .file(extensions: ["pem", "key"]))
    var privateKey: String?
    @Flag(help: "Listen elsewhere than on this machine's own address without a token or without a certificate.")
    var allowUnprotected = false
    @Option(
        name: .customLong("trusted-host"),
        help: ArgumentHelp("Another name that callers use for this server; can be repeated.", valueName: "name"))
    var trustedHosts: [String] = []
    @Option(
        name: .customLong("image-place"),
        help: ArgumentHelp(
            "Where requests may fetch images from: https://HOST/PATH or gs://BUCKET/PATH; can be repeated.",
            valueName: "address"))
    var imagePlaces: [String] = []
    @Option(
        name: .customLong("pictures"),
        help: ArgumentHelp(
            "A folder whose pictures whoever may read sees on maps; can be repeated. Administrators see any.",
            valueName: "folder"))
    var pictures: [String] = []
    @Option(
        name: .customLong("load"),
        help: ArgumentHelp("A model to load at the start; can be repeated.", valueName: "model"))
    var models: [String] = []
    @Option(
        name: .customLong("cases"),
        help: ArgumentHelp(
            "A table of vectors of the model's network: its nearest known cases stand beside predictions. Their "
                + "labels are in the table, or in a second one, TABLE,LABELS; can be repeated.",
            valueName: "model=table"))
    var cases: [CaseArgument] = []
    @Flag(help: "Let clients of BigQuery v2 load, change and remove tables of the warehouse.")
    var allowTableWrites = false
    @Option(help: ArgumentHelp("Memory that models may take.", valueName: "MiB")) var modelMemory: Int?
    @Option(help: ArgumentHelp("A request's body at most.", valueName: "MiB")) var maximumBody = 64
    @Option(help: ArgumentHelp("Of an answer, where the request names none.", valueName: "seconds"))
    var timeout = 60.0
    @Option(
        help: ArgumentHelp(
            "Goes on answering for so long, not ready any more, when it is asked to end: what a load balancer takes to "
                + "notice.", valueName: "seconds"))
    var drain = 0.0
    @Flag(help: "Leave the queue to others.") var withoutJobs = false
    @Flag(help: "Log only the requests that failed.") var logOnlyFailures = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("--port is 0 to 65535.") }
        guard (1...4096).contains(maximumBody) else { throw ValidationError("--maximum-body is 1 to 4096.") }
        guard (0.001...86400).contains(timeout) else { throw ValidationError("--timeout is up to 86400.") }
        guard (0...3600).contains(drain) else { throw ValidationError("--drain is up to 3600.") }
        guard Set(cases.map(\.model)).count == cases.count else {
            throw ValidationError("--cases: a model takes one table.")
        }
        guard (certificate == nil) == (privateKey == nil) else {
            throw ValidationError("--certificate and --private-key go together.")
        }
        guard modelMemory.map({ $0 > 0 }) ?? true else { throw ValidationError("--model-memory is at least 1.") }
    }

    func run() throws {
        let server = try LightboxServer(home: global.home, settings: settings)
        let place = (certificate == nil ? "http://" : "https://") + (host.contains(":") ? "[\(host)]" : host)
        let note = global
        try waiting { try await server.run { port in note.note("Serving on \(place):\(port)") } }
    }

    private var settings: ServerSettings {
        var settings = ServerSettings()
        settings.release = Lightbox.version
        settings.host = host
        settings.port = port
        settings.allowsUnprotected = allowUnprotected
        if let certificate, let privateKey { settings.encryption = (certificate, privateKey) }
        settings.trustedHosts = Set(trustedHosts.map { $0.lowercased() })
        settings.preloaded = models
        settings.imagePlaces = imagePlaces
        settings.pictureFolders = pictures
        settings.cases = Dictionary(uniqueKeysWithValues: cases.map { ($0.model, $0.source) })
        settings.tables.allowsWrites = allowTableWrites
        if let modelMemory { settings.models.memoryBudget = modelMemory << 20 }
        settings.maximumBody = maximumBody << 20
        settings.request.maximumBytes = maximumBody << 20
        settings.timeout = .milliseconds(Int(timeout * 1000))
        settings.maximumTimeout = max(settings.maximumTimeout, settings.timeout)
        settings.drainTime = .milliseconds(Int(drain * 1000))
        settings.runsJobs = !withoutJobs
        settings.logsRequests = !logOnlyFailures
        return settings
    }
}

/// `MODEL=TABLE` or `MODEL=TABLE,LABELS`.
struct CaseArgument: ExpressibleByArgument {
    let model: String
    let source: CaseSource

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty else { return nil }
        guard let tables = CaseTables(argument: parts[1]) else { return nil }
        model = parts[0]
        source = tables.source
    }
}
