import DICOM
import Foundation
public import LightboxCore
import Synchronization

extension DICOMClient {
    /// Sends files (C-STORE), each as it is stored where the other side takes that, else uncompressed.
    ///
    /// - Parameters:
    ///   - associations: over which they are sent at the same time.
    ///   - window: messages under way on each at the same time, where the other side allows it.
    ///   - isCancelled: asked between files.
    /// - Returns: `written` is what the other side took; the rest stands in `problems`, but for what was left when
    ///   `isCancelled` said so.
    /// - Throws: ``DICOMNetworkError`` when nothing could be sent.
    public func send(
        _ paths: [String], associations: Int = 1, window: Int = 16, progress: @escaping ProgressHandler = { _ in },
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws -> StageReport {
        let run = SendRun(paths, progress)
        var instances: [Outgoing] = []
        for (index, path) in paths.enumerated() {
            if isCancelled() { break }
            do {
                instances.append(Outgoing(index: index, instance: try OutgoingInstance(path: path)))
            } catch {
                run.fail(index, StageReport.Problem(source: path, error: error).reason)
            }
        }
        for plan in PresentationPlan.batches(of: instances, key: \.instance) where !isCancelled() {
            let (queue, contexts) = (SendQueue(plan.items), plan.contexts)
            let count = min(max(associations, 1), plan.items.count)
            let group = DispatchGroup()
            for _ in 1..<max(count, 1) {
                let thread = Thread {
                    work(contexts, queue, window, run, isCancelled)
                    group.leave()
                }
                group.enter()
                thread.start()
            }
            work(contexts, queue, window, run, isCancelled)
            group.wait()
            let reason = run.lastError?.detail ?? "It was not sent."
            if !isCancelled() { while let rest = queue.next() { run.fail(rest.index, reason) } }
        }
        if let error = run.lastError, !run.hasAnswers { throw error }
        return run.report
    }

    /// Sends over one association what the queue gives, until it is empty or the association breaks.
    private func work(
        _ contexts: [PresentationProposal], _ queue: SendQueue, _ window: Int, _ run: SendRun,
        _ isCancelled: () -> Bool
    ) {
        var open: Set<Int> = []
        func settle(_ index: Int, _ result: StoreSender.Result) {
            open.remove(index)
            run.settle(index, result)
        }
        do throws(DICOMNetworkError) {
            let association = try connector.associate(contexts, window: window)
            do throws(DICOMNetworkError) {
                var sender = StoreSender(association, window: association.window)
                while !isCancelled(), let next = queue.next() {
                    open.insert(next.index)
                    try sender.send(next.instance, tag: next.index, onResult: settle)
                }
                try sender.finish(onResult: settle)
                association.release()
            } catch {
                association.abort(.user)
                association.close()
                throw error
            }
        } catch {
            run.note(error)
            for index in open.sorted() { run.fail(index, "It was not acknowledged. \(error.detail)") }
        }
    }
}

private struct Outgoing: Sendable {
    let index: Int
    let instance: OutgoingInstance
}

/// What is still to be sent; the associations help themselves.
private final class SendQueue: Sendable {
    private let rest: Mutex<ArraySlice<Outgoing>>

    init(_ items: [Outgoing]) { rest = Mutex(items[...]) }

    func next() -> Outgoing? { rest.withLock { $0.popFirst() } }
}

/// What has become of each file.
private final class SendRun: Sendable {
    private struct State {
        var written = 0
        var failed: [Int: String] = [:]
        var hasAnswers = false
        var lastError: DICOMNetworkError?
    }

    private let paths: [String]
    private let progress: ProgressHandler
    private let state = Mutex(State())

    init(_ paths: [String], _ progress: @escaping ProgressHandler) {
        self.paths = paths
        self.progress = progress
    }

    var hasAnswers: Bool { state.withLock { $0.hasAnswers } }
    var lastError: DICOMNetworkError? { state.withLock { $0.lastError } }

    func note(_ error: DICOMNetworkError) { state.withLock { $0.lastError = error } }

    func settle(_ index: Int, _ result: StoreSender.Result) {
        switch result {
        case .answered(let status) where status.isSuccess || status.isWarning:
            change {
                $0.written += 1
                $0.hasAnswers = true
            }
        case .answered(let status):
            change {
                $0.failed[index] = "The other side answered \(status)."
                $0.hasAnswers = true
            }
        case .impossible(let reason): fail(index, reason)
        }
    }

    func fail(_ index: Int, _ reason: String) { change { $0.failed[index] = reason } }

    private func change(_ body: (inout State) -> Void) {
        let done = state.withLock { state in
            body(&state)
            return state.written + state.failed.count
        }
        progress(ProgressUpdate(stage: "send", completed: done, total: paths.count))
    }

    var report: StageReport {
        state.withLock { state in
            var report = StageReport(stage: "send")
            report.written = state.written
            report.problems = state.failed.sorted { $0.key < $1.key }.map {
                StageReport.Problem(source: paths[$0.key], reason: $0.value)
            }
            return report
        }
    }
}
