import COpenVINO
import Foundation
public import LightboxCore

/// A model file made ready for this processor: arrays in, arrays out.
///
/// The work is done on threads of its own, `requestCount` of them, so that neither `run(_:)` nor
/// ``predict(_:)`` computes on the caller's thread, and `predict` never blocks a thread of Swift's pool.
public final class CompiledModel: Sendable {
    public let name: String
    public let inputs: [Port]
    public let outputs: [Port]
    /// How many batches are computed at the same time; more callers wait in a queue.
    public let requestCount: Int
    /// What the processor really computes in, which may be f32 where bf16 was asked for.
    public let precision: Options.Precision

    private let workers: WorkerQueue

    /// Reads and compiles: 0.2 to 2 seconds for the usual image networks.
    ///
    /// - Parameter shape: what an input's open dimensions are fixed to; nil leaves the model as it is. By default
    ///   the first dimension becomes the options' batch.
    /// - Throws: ``InferenceError``, with OpenVINO's own words when it refuses the model.
    public init(
        _ source: ModelSource, options: Options = Options(), shape: ((Port) -> [Int]?)? = nil
    ) throws {
        let file = try ModelFile(source)
        let shapes = try file.inputs().compactMap(shape ?? options.shape(of:))
        if !shapes.isEmpty, shapes.count == (try file.inputs().count) { try file.reshape(shapes) }
        name = source.name
        inputs = try file.inputs()
        outputs = try file.outputs()
        let compiled = try CompiledHandle(file, options: options)
        precision = compiled.property("INFERENCE_PRECISION_HINT") == "bf16" ? .bfloat16 : .float32
        let streams = compiled.property("NUM_STREAMS").flatMap { Int($0) } ?? 1
        // One request per stream computes; one more has its input ready when a stream falls free.
        requestCount = streams + 1
        let (model, outputCount) = (name, outputs.count)
        workers = WorkerQueue(
            try (0..<requestCount).map { _ in
                try InferRequest(compiled, model: model, outputCount: outputCount)
            })
    }

    deinit { workers.stop() }

    /// Computes and waits; for scripts and tests. Blocks the calling thread: in asynchronous code use
    /// ``predict(_:)``.
    ///
    /// - Parameter values: one per input, in the order of ``inputs``; numbers of another type are converted.
    /// - Returns: one per output, in the order of ``outputs``.
    public func run(_ values: [Tensor]) throws -> [Tensor] {
        let values = try fitted(values)
        let done = DispatchSemaphore(value: 0)
        let box = ResultBox()
        workers.add { request in
            box.result = Result { try request.run(values) }
            done.signal()
        }
        done.wait()
        return try box.result!.get()
    }

    /// As `run(_:)`, suspending the calling task instead of blocking its thread.
    public func predict(_ values: [Tensor]) async throws -> [Tensor] {
        let values = try fitted(values)
        return try await withCheckedThrowingContinuation { continuation in
            workers.add { request in continuation.resume(with: Result { try request.run(values) }) }
        }
    }

    /// As ``predict(_:)``, for callers that are told on the worker's thread: `done` must be quick and never wait.
    public func start(_ values: [Tensor], done: @escaping @Sendable (Result<[Tensor], any Error>) -> Void) {
        do {
            let values = try fitted(values)
            workers.add { request in done(Result { try request.run(values) }) }
        } catch {
            done(.failure(error))
        }
    }

    private func fitted(_ values: [Tensor]) throws -> [Tensor] {
        guard values.count == inputs.count else {
            throw InferenceError(
                code: .inputMismatch, model: name,
                remedy: "The model has \(inputs.count) inputs and got \(values.count).")
        }
        return try zip(inputs, values).map { port, value in
            guard port.accepts(value.shape) else {
                throw InferenceError(
                    code: .inputMismatch, model: name,
                    remedy: "Input \(port.name) takes the shape \(port.shapeText), not \(value.shape).")
            }
            guard let converted = value.converted(to: port.elementType) else {
                throw InferenceError(
                    code: .unsupportedType, model: name,
                    remedy:
                        "Input \(port.name) takes \(port.elementType.rawValue) numbers. Export it with float32.")
            }
            return converted
        }
    }
}

extension CompiledModel {
    /// Computes arrays of floats given by input name, and gives the outputs by name (`output0`, `output1`… for
    /// outputs without a name). Blocks the calling thread.
    public func run(_ values: [String: NDArray]) throws -> [String: NDArray] {
        let ordered = try inputs.map { port in
            guard let value = values[port.name] else {
                throw InferenceError(code: .inputMismatch, model: name, remedy: "Input \(port.name) is missing.")
            }
            return Tensor(value)
        }
        let results = try run(ordered)
        let names = outputs.enumerated().map { $1.name.isEmpty ? "output\($0)" : $1.name }
        return Dictionary(zip(names, results.map(\.array))) { first, _ in first }
    }
}

extension Port {
    fileprivate var shapeText: String {
        guard let shape else { return "(any)" }
        return "[" + shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ") + "]"
    }
}

/// Carries one result across threads; the semaphore beside it orders the write before the read.
private final class ResultBox: @unchecked Sendable {
    // Unchecked: written before the semaphore is signalled, read after it was waited for.
    var result: Result<[Tensor], any Error>?
}
