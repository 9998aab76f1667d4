import Foundation

/// Jobs in the order they came, taken by threads that may block: one thread for each request.
final class WorkerQueue: @unchecked Sendable {
    // Unchecked: what changes is touched only while `condition` is locked.
    typealias Job = @Sendable (InferRequest) -> Void

    private let condition = NSCondition()
    private var jobs: [Job] = []
    private var firstJob = 0
    private var isStopped = false
    private var running: Int
    private var requests: [InferRequest]

    init(_ requests: [InferRequest]) {
        self.requests = requests
        running = requests.count
        for index in requests.indices {
            let thread = Thread { [self] in work(index) }
            thread.name = "inference"
            thread.start()
        }
    }

    func add(_ job: @escaping Job) {
        condition.lock()
        jobs.append(job)
        condition.signal()
        condition.unlock()
    }

    /// Ends the threads once the jobs already added are done; the last one frees the requests. Does not wait, since
    /// the model may be given up by one of its own jobs.
    func stop() {
        condition.lock()
        isStopped = true
        condition.broadcast()
        condition.unlock()
    }

    private func work(_ index: Int) {
        while let (job, request) = next(index) { job(request) }
        condition.lock()
        running -= 1
        let freed = running == 0 ? requests : []
        if running == 0 { requests = [] }
        condition.unlock()
        withExtendedLifetime(freed) {}
    }

    private func next(_ index: Int) -> (Job, InferRequest)? {
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
        return (job, requests[index])
    }
}
