extension CompiledModel {
    /// Feeds the model from `next` until that gives nil and hands every result to `consume`, in the same order.
    ///
    /// While batches are computed, `next` prepares the following ones: `depth` of them at most are in memory, so a
    /// slow consumer or a fast producer costs no space. `next` and `consume` are never called at the same time.
    ///
    /// - Parameter depth: batches in flight; by default twice ``requestCount``.
    public func process<Context: Sendable>(
        depth: Int? = nil, next: () async throws -> (context: Context, values: [Tensor])?,
        consume: (Context, [Tensor]) async throws -> Void
    ) async throws {
        typealias Computed = (index: Int, context: Context, results: [Tensor])
        try await withThrowingTaskGroup(of: Computed.self) { group in
            var (started, finished, inFlight) = (0, 0, 0)
            var waiting: [Int: Computed] = [:]
            var isExhausted = false
            while true {
                while !isExhausted && started - finished < max(1, depth ?? 2 * requestCount) {
                    guard let (context, values) = try await next() else {
                        isExhausted = true
                        break
                    }
                    let index = started
                    group.addTask { (index, context, try await self.predict(values)) }
                    started += 1
                    inFlight += 1
                }
                guard let computed = try await group.next() else { break }
                inFlight -= 1
                waiting[computed.index] = computed
                while let ready = waiting.removeValue(forKey: finished) {
                    finished += 1
                    try await consume(ready.context, ready.results)
                }
            }
        }
    }
}
