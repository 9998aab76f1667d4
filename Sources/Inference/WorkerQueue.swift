import Foundation

/// Jobs in the order they came, taken by threads that may block.
final class WorkerQueue: @unchecked Sendable {
    // Unchecked: `jobs` and `isStopped` are touched only while `condition` is locked.
    typealias Job = @Sendable (InferRequest) -> Void

    private let condition = NSCondition()
    private var jobs: [Job] = []
    private var firstJob = 0
    private var isStopped = false
    private let name: String

    init(named name: String) { self.name = name }

    /// Adds a thread that passes each job it takes to `perform`, until the queue is stopped and empty.
    func addThread(_ perform: @escaping @Sendable (Job) -> Void) {
        let thread = Thread { [self] in
            while let job = next() { perform(job) }
        }
        thread.name = name
        thread.start()
    }

    func add(_ job: @escaping Job) {
        condition.lock()
        jobs.append(job)
        condition.signal()
        condition.unlock()
    }

    /// Lets the threads end when the jobs already added are done.
    func stop() {
        condition.lock()
        isStopped = true
        condition.broadcast()
        condition.unlock()
    }

    private func next() -> Job? {
        condition.lock()
        defer { condition.unlock() }
        while firstJob == jobs.count {
            if isStopped { return nil }
            condition.wait()
        }
        let job = jobs[firstJob]
        firstJob += 1
        // Forget the taken jobs now and then, so that the array does not grow for ever.
        if firstJob == jobs.count || firstJob > 64 {
            jobs.removeFirst(firstJob)
            firstJob = 0
        }
        return job
    }
}
