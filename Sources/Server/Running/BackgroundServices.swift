import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Pipelines
import ServiceLifecycle
import Serving
import Synchronization

/// Says that the server stops: streams end, callers get their last answer on a connection, and a proxy in front has
/// time to send them elsewhere.
struct Drain: Service {
    let context: ServerContext

    func run() async throws {
        try? await gracefulShutdown()
        context.stop()
        try? await Task.sleep(for: context.settings.drainTime)
    }
}

/// What has to be done once in a while; at the end it waits for what was begun.
struct Upkeep: Service {
    let context: ServerContext

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var round = 0
            while !Task.isCancelled {
                context.log.flush()
                if round % 50 == 0 { context.models.noteUses() }
                if round % 100 == 0 { await recover() }
                round += 1
                try? await Task.sleep(for: .milliseconds(200))
            }
        }
        await context.finishBackground()
        context.models.noteUses()
        context.log.flush()
    }

    /// Ends what dead processes have left.
    private func recover() async {
        do {
            let ended = try await context.catalog { try $0.recover() }
            for operation in ended {
                context.log.add(.warning, "ended an abandoned operation", [("operation", .text(operation.id))])
            }
        } catch {
            context.log.add(.error, "the catalogue cannot be looked through: \(error)", [])
        }
    }
}

/// Writes the audit log, on a thread that nobody else waits for.
struct AuditService: Service {
    let context: ServerContext
    /// Short, so that no batch holds a processor for long: every request waits for one.
    private static let pause: UInt32 = 20_000  // microseconds

    func run() async throws {
        let stop = StopFlag()
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await onOwnThread {
                    while !stop.isSet {
                        flush()
                        usleep(Self.pause)
                    }
                    flush(now: true)
                }
            } onGracefulShutdown: {
                stop.set()
            }
        } onCancel: {
            stop.set()
        }
    }

    private func flush(now: Bool = false) {
        do { try context.audit.flush(now: now) } catch {
            context.log.add(.error, "the audit log cannot be written: \(error)", [])
        }
    }
}

/// Works on a queue.
struct JobService: Service {
    let context: ServerContext
    let runner: any QueueRunner

    func run() async throws {
        let stop = StopFlag()
        let stage = StageContext(home: context.home, isCancelled: { stop.isSet })
        await withGracefulShutdownHandler {
            // A server that could not listen is cancelled, not shut down.
            while !stop.isSet && !Task.isCancelled {
                do {
                    try await runner.run(stage)
                } catch is CancellationError {
                    return
                } catch {
                    // The next try may find the disk less full.
                    context.log.add(.error, "the queue stands still: \(error)", [])
                    try? await Task.sleep(for: .seconds(5))
                }
            }
        } onGracefulShutdown: {
            stop.set()
        }
    }
}

private final class StopFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}

extension ServerContext {
    /// Loads the models that are asked for at the start.
    func preload() {
        guard !settings.preloaded.isEmpty else { return }
        inBackground { [self] in
            for name in settings.preloaded {
                do {
                    let live = try await models.live(name)
                    log.add(.notice, "loaded", [("model", .text(live.key.description))])
                } catch {
                    log.add(.error, "cannot be loaded: \(error)", [("model", .text(name))])
                }
            }
        }
    }
}

/// Keeps what is written to it.
final class Collector: ResponseBodyWriter, Sendable {
    let bytes = Mutex<[UInt8]>([])

    func write(_ buffer: ByteBuffer) async throws { bytes.withLock { $0 += buffer.readableBytesView } }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
