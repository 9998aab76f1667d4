import Catalog
import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
public import LightboxCore
import Logging
import NIOCore
import Pipelines
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The service: models of a home folder over HTTP, and the work of its queue.
public struct LightboxServer: Sendable {
    public let context: ServerContext
    private let responder: Responder
    private let log: ServerLog

    /// Opens the home folder and reads the known cases that are attached to models; no model is loaded yet.
    ///
    /// - Throws: ``ServerError`` for an address that would let everybody in, for known cases that do not go with their model, or the
    ///   error of the home folder.
    public init(home: Home, settings: ServerSettings = ServerSettings()) throws {
        try self.init(home: home, settings: settings, log: ServerLog())
    }

    /// The same, with another place for the lines of the log.
    package init(
        home: Home, settings: ServerSettings, log write: @escaping @Sendable ([UInt8]) -> Void
    ) throws {
        try self.init(home: home, settings: settings, log: ServerLog(write: write))
    }

    private init(home: Home, settings: ServerSettings, log: ServerLog) throws {
        let needsProtection = !settings.isLoopback && !settings.allowsUnprotected
        guard !needsProtection || settings.isEncrypted else {
            throw ServerError(
                .forbidden,
                "On \(settings.host) everybody on the way could read what is sent. Give --certificate and "
                    + "--private-key, listen on 127.0.0.1 behind a proxy, or say --allow-unprotected.")
        }
        if let files = settings.encryption { _ = try Encryption.configuration(files) }
        self.log = log
        context = try ServerContext(home: home, settings: settings, log: log)
        guard try !needsProtection || context.catalog.tokens().contains(where: { $0.isGood(at: Date()) }) else {
            throw ServerError(
                .forbidden,
                "On \(settings.host) everybody who reaches this machine could use and delete models. "
                    + "Make a token with 'lightbox tokens create', or say --allow-unprotected.")
        }
        let groups: [any RouteGroup] = [
            PageRoutes(context), JobPageRoutes(context), SignInRoutes(context), PredictRoutes(context),
            ModelRoutes(context), JobRoutes(context), ProjectRoutes(context), TensorFlowRoutes(context),
            InferenceRoutes(context), JobEventRoutes(context), CaseRoutes(context), CardRoutes(context),
            SimilarRoutes(context),
            DICOMwebRoutes(context),
            StudyPageRoutes(context), DeidentifyRoutes(context),
            MapRoutes(context), MapSelectionRoutes(context),
            DatasetRoutes(context), DICOMStoreRoutes(context), ArchiveOperationRoutes(context),
            BucketRoutes(context), ObjectRoutes(context), UploadRoutes(context), StorageBatchRoute(context),
            BigQueryRoutes(context),
        ]
        let routes = OwnRoutes(context, beside: groups.flatMap(\.routes)).all
        precondition(routes.count < Metrics.maximumRoutes)
        responder = Responder(context, routes)
    }

    /// Answers requests until the process is asked to end, then finishes what it has taken.
    ///
    /// - Parameter onReady: told the port.
    public func run(onReady: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
        defer { log.flush() }
        do {
            try await group(signals: [.sigterm, .sigint], onReady: onReady).run()
        } catch {
            let settings = context.settings
            throw ListenFailure(error, host: settings.host, port: settings.port) ?? error
        }
    }

    /// The same until `stop` returns.
    package func run(
        until stop: @escaping @Sendable () async -> Void, onReady: @escaping @Sendable (Int) -> Void
    ) async throws {
        let group = try group(signals: [], onReady: onReady)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                await stop()
                await group.triggerGracefulShutdown()
            }
            try await tasks.waitForAll()
        }
        log.flush()
    }

    private func group(
        signals: [UnixSignal], onReady: @escaping @Sendable (Int) -> Void
    ) throws -> ServiceGroup {
        var configuration = ServiceGroupConfiguration(
            services: try services(onReady: onReady).map { .init(service: $0) }, gracefulShutdownSignals: signals,
            logger: log.logger)
        // What the requests need, and as much again for jobs to come to a good place.
        let settings = context.settings
        configuration.maximumGracefulShutdownDuration = settings.drainTime + settings.shutdownTime * 2
        return ServiceGroup(configuration: configuration)
    }

    /// The parts in the order in which they start; they end in the other order.
    private func services(onReady: @escaping @Sendable (Int) -> Void) throws -> [any Service] {
        let settings = context.settings
        let plain: HTTPServerBuilder = .http1(configuration: .init(idleTimeout: .init(settings.idleTimeout)))
        let application = Application(
            responder: responder,
            server: try settings.encryption.map { try .tls(plain, tlsConfiguration: Encryption.configuration($0)) }
                ?? plain,
            configuration: .init(address: .hostname(settings.host, port: settings.port), serverName: "lightbox"),
            onServerRunning: { [context, log] channel in
                let port = channel.localAddress?.port ?? settings.port
                context.port.store(port, ordering: .relaxed)
                log.add(.notice, "listening", [("host", .text(settings.host)), ("port", .number(port))])
                log.flush()
                onReady(port)
                context.preload()
            }, logger: log.logger)
        var services: [any Service] = [AuditService(context: context), Upkeep(context: context)]
        if settings.runsJobs {
            let models = JobRunner(home: context.home, catalog: context.catalog, pool: context.models.pool)
            let archive = ArchiveRunner(catalog: context.catalog) { [stores = context.stores] in
                try stores.catalog()
            }
            services.append(JobService(context: context, runner: models))
            services.append(JobService(context: context, runner: archive))
        }
        return services + [application, Drain(context: context)]
    }

    /// Answers one request without a connection, as tests ask.
    package func answer(
        _ method: String, _ path: String, headers: [String: String] = [:], body: [UInt8] = []
    ) async throws -> (status: Int, headers: [String: String], body: [UInt8]) {
        var fields = HTTPFields()
        for (name, value) in headers { fields[.init(name)!] = value }
        if !body.isEmpty { fields[.contentLength] = "\(body.count)" }
        let head = HTTPRequest(
            method: .init(rawValue: method)!, scheme: "http", authority: "localhost", path: path,
            headerFields: fields)
        let response = try await responder.respond(
            to: Request(head: head, body: .init(buffer: ByteBuffer(bytes: body))), context: CallerContext())
        let collector = Collector()
        try await response.body.write(collector)
        var answered: [String: String] = [:]
        for field in response.headers { answered[field.name.canonicalName] = field.value }
        return (response.status.code, answered, collector.bytes.withLock { $0 })
    }
}
