import Buckets
public import Catalog
import Foundation
public import LightboxCore
import Serving
import Synchronization

/// What all routes share.
public final class ServerContext: Sendable {
    public let settings: ServerSettings
    public let home: Home
    public let catalog: ModelCatalog
    public let models: LiveModels
    public let stores: OpenStores
    let buckets: BucketFolders
    let maps: OpenMaps
    /// By the name of the model that they are attached to.
    let cases: [String: AttachedCases]
    let cardMakers = CardMakers()
    let similar: SimilarTables
    package let door: Doorkeeper
    public let audit: AuditLog
    let log: ServerLog
    let metrics = Metrics()
    /// The port that is listened on, once it is; the one that was asked for before.
    let port: Atomic<Int>
    private let stopping = Atomic<Bool>(false)
    private let streams = Atomic<Int>(0)
    private let deployments = Atomic<Int>(0)
    private static let maximumDeployments = 8
    private let works = Mutex<[Int: Task<Void, Never>]>([:])

    /// Opens the catalogue and what the settings attach to it.
    convenience init(home: Home, settings: ServerSettings, log: ServerLog) throws {
        let catalog = try ModelCatalog(home: home)
        var pool = settings.models
        let places = try AllowedPlaces(settings.imagePlaces)
        if !places.isEmpty { pool.model.remoteImages = ImageFetcher(places, home: home) }
        self.init(
            home: home, settings: settings, log: log, catalog: catalog,
            models: LiveModels(catalog: catalog, pool: ModelPool(settings: pool)),
            cases: try Self.cases(settings, catalog))
    }

    private init(
        home: Home, settings: ServerSettings, log: ServerLog, catalog: ModelCatalog, models: LiveModels,
        cases: [String: AttachedCases]
    ) {
        self.home = home
        self.settings = settings
        self.log = log
        self.catalog = catalog
        self.models = models
        self.cases = cases
        port = Atomic(settings.port)
        stores = OpenStores(home: home)
        similar = SimilarTables(home: home, limit: settings.maximumCases)
        buckets = BucketFolders(home: home)
        maps = OpenMaps(home: home, mostPoints: settings.maximumMapPoints)
        audit = AuditLog(home: home)
        door = Doorkeeper(catalog: catalog)
    }

    private static func cases(
        _ settings: ServerSettings, _ catalog: ModelCatalog
    ) throws -> [String: AttachedCases] {
        var cases: [String: AttachedCases] = [:]
        for (model, source) in settings.cases.sorted(by: { $0.key < $1.key }) {
            let folder = try catalog.folder(of: try catalog.servable(model))
            cases[model] = try AttachedCases(
                source, model: model, folder: folder, home: catalog.home, limit: settings.maximumCases,
                interval: settings.caseInterval)
        }
        return cases
    }

    /// Whether the server finishes what it has and takes nothing new for long.
    public var isStopping: Bool { stopping.load(ordering: .relaxed) }

    func stop() { stopping.store(true, ordering: .relaxed) }

    /// How the caller reached this server, without a slash at the end: `http://127.0.0.1:8080`.
    func address(for call: Call) -> String {
        let scheme = settings.isEncrypted ? "https" : "http"
        let port = port.load(ordering: .relaxed)
        // dicomweb-client sends the host alone. Behind a proxy another host is right without a port.
        let isOwn = ["127.0.0.1", "localhost", "[::1]", settings.host].contains(call.authority)
        if call.authority.isEmpty { return "\(scheme)://\(settings.host):\(port)" }
        return "\(scheme)://\(call.authority)" + (isOwn ? ":\(port)" : "")
    }

    /// Asks the catalogue on a thread that may block.
    func catalog<Value: Sendable>(_ body: @escaping @Sendable (ModelCatalog) throws -> Value) async throws -> Value
    {
        try await blocking { [catalog] in try body(catalog) }
    }

    /// Keeps a place for a version that is to be made: each takes a processor for seconds.
    func beginDeployment() throws {
        guard deployments.add(1, ordering: .relaxed).newValue <= Self.maximumDeployments else {
            endDeployment()
            throw ServerError(.overloaded, "\(Self.maximumDeployments) versions are being made. Ask again later.")
        }
    }

    func endDeployment() { deployments.subtract(1, ordering: .relaxed) }

    /// Counts streams that stay open, so that they do not become too many.
    func beginStream() throws {
        guard streams.add(1, ordering: .relaxed).newValue <= 256 else {
            endStream()
            throw ServerError(.overloaded, "256 streams are open. Close one, or ask again later.")
        }
    }

    func endStream() { streams.subtract(1, ordering: .relaxed) }

    /// Works on, behind an answer that is given already; the server waits for it when it stops.
    func inBackground(_ body: @escaping @Sendable () async -> Void) {
        works.withLock { works in
            let number = (works.keys.max() ?? 0) + 1
            works[number] = Task.detached { [self] in
                await body()
                self.works.withLock { $0[number] = nil }
            }
        }
    }

    /// Waits until nothing works on.
    func finishBackground() async {
        while let work = works.withLock({ $0.values.first }) { await work.value }
    }
}

/// Runs what takes long on a thread that nobody else waits for: the shared ones may all be waiting for this.
func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}
