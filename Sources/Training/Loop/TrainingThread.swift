import Foundation

/// A thread for the training engine, whose work blocks for hours and must not hold a thread of the
/// cooperative pool.
public enum TrainingThread {
    /// Runs `body` on a thread of its own. Make the trainer and its data inside.
    public static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws
        -> Result
    {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Swift.Result { try body() }) }
            thread.name = "lightbox-training"
            thread.stackSize = 64 << 20  // the engine walks back through the network by recursion
            thread.start()
        }
    }
}
