import Foundation
import LightboxCore

/// Threads for what blocks: files, SQL, codecs. Swift's own few threads are not kept waiting, and a codec gets the
/// stack it needs.
final class Workers: @unchecked Sendable {
    // Unchecked: every stored variable is touched only with `condition` locked.
    private let condition = NSCondition()
    private var waiting: [() -> Void] = []
    private var next = 0
    private var idle = 0
    private var threads = 0
    private let most: Int

    /// - Parameter most: threads at most; they are started when they are needed.
    init(most: Int) { self.most = most }

    /// One set for the whole process: disks and cores are shared, too.
    static let shared = Workers(most: max(16, 4 * ProcessInfo.processInfo.activeProcessorCount))

    func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            add { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    private func add(_ job: @escaping () -> Void) {
        condition.withLock {
            waiting.append(job)
            if idle >= waiting.count - next {
                condition.signal()
            } else if threads < most {
                threads += 1
                start()
            }
        }
    }

    private func start() {
        let thread = Thread { [self] in
            while true { take()() }
        }
        thread.name = "lightbox-dicomweb"
        thread.stackSize = 8 << 20
        thread.start()
    }

    private func take() -> () -> Void {
        condition.withLock {
            idle += 1
            while next == waiting.count { condition.wait() }
            idle -= 1
            defer {
                next += 1
                if next == waiting.count {
                    waiting.removeAll(keepingCapacity: true)
                    next = 0
                } else if next == 1024 {
                    // Where there is always more to do, what is done goes too.
                    waiting.removeFirst(next)
                    next = 0
                }
            }
            return waiting[next]
        }
    }
}
