import Foundation
import Inference
import LightboxCore

/// A compiled network and the batcher in front of it: rows in, rows out.
final class Engine: Sendable {
    struct Settings: Sendable {
        /// nil: all cores that the process may use.
        var threads: Int?
        var precision = CompiledModel.Options.Precision.float32
        var batching = MicroBatcher.Settings()
        /// Rows that take longer are computed one at a time, each stream its own, in a model of fixed shapes: joining
        /// them would gain nothing, and open shapes cost time.
        var longRow = Duration.milliseconds(1)
    }

    /// How requests' rows reach the model.
    private enum Joining {
        /// Up to so many rows of any requests together.
        case rows(Int)
        /// Each request as it is: the outputs are not row by row.
        case none
    }

    /// The lengths of rows are open here, even where the model that computes has them fixed.
    let inputs: [Inference.Port]
    let outputs: [Inference.Port]
    let batcher: MicroBatcher
    private let joining: Joining
    private let name: String

    /// Reads, compiles and computes something, so that the first request is as quick as the others. Blocks the
    /// calling thread for seconds.
    ///
    /// - Parameter joinsRows: false for a model whose outputs are not row by row, whatever its shapes say.
    init(_ source: ModelSource, settings: Settings, joinsRows: Bool = true) throws {
        let cores = settings.threads ?? ProcessInfo.processInfo.activeProcessorCount
        var options = CompiledModel.Options(
            precision: settings.precision, streams: cores <= 4 ? cores : cores / 2, threads: settings.threads)
        var model = try CompiledModel(source, options: options)
        name = source.name
        var ports = (inputs: model.inputs, outputs: model.outputs)
        let all = ports.inputs + ports.outputs
        let isOpen = joinsRows && all.allSatisfy { $0.shape?.first == .some(nil) }
        let isSingle = joinsRows && all.allSatisfy { $0.shape?.first == .some(1) }
        var batch = isOpen ? max(1, settings.batching.maximumBatch) : 1
        let time = try Engine.warm(model, rows: 1)
        if isOpen, let time, time > settings.longRow, ports.inputs.allSatisfy({ $0.isFixedBehindRows }) {
            options.batch = 1
            model = try CompiledModel(source, options: options)
            _ = try Engine.warm(model, rows: 1)
            batch = 1
        } else if isOpen, batch > 1 {
            _ = try Engine.warm(model, rows: min(batch, 4))
        }
        if isSingle { ports = (ports.inputs.map(\.withOpenRows), ports.outputs.map(\.withOpenRows)) }
        (inputs, outputs) = ports
        joining = isOpen || isSingle ? .rows(batch) : .none
        var batching = settings.batching
        batching.maximumBatch = batch
        batching.slots = model.requestCount
        batcher = MicroBatcher(settings: batching) { [model] inputs, done in model.start(inputs, done: done) }
    }

    /// Computes zeros a few times.
    ///
    /// - Returns: what one run takes; nil where the model does not take zeros of the guessed lengths.
    private static func warm(_ model: CompiledModel, rows: Int) throws -> Duration? {
        var isGuessed = false
        let values = model.inputs.map { port in
            if port.shape == nil { isGuessed = true }
            let shape = (port.shape ?? [nil]).enumerated().map { index, length in
                if index > 0 && length == nil { isGuessed = true }
                return length ?? (index == 0 ? rows : 32)
            }
            return Tensor(NDArray(shape: shape))  // becomes the input's type on the way
        }
        do {
            _ = try model.run(values)
            let start = ContinuousClock.now
            for _ in 0..<3 { _ = try model.run(values) }
            return (ContinuousClock.now - start) / 3
        } catch  where isGuessed {
            return nil
        }
    }

    /// Computes so many rows, with others' rows where that pays.
    ///
    /// - Parameters:
    ///   - values: one for each input, in their order.
    ///   - isAlone: with nobody's rows.
    func predict(
        _ values: [Tensor], rows: Int, isAlone: Bool = false, deadline: ContinuousClock.Instant?
    ) async throws -> [Tensor] {
        do {
            guard case .rows(let batch) = joining else {
                return try await batcher.submit(values, rows: rows, isAlone: true, deadline: deadline)
            }
            if rows <= batch {
                return try await batcher.submit(values, rows: rows, isAlone: isAlone, deadline: deadline)
            }
            return try await predictParts(values, rows: rows, of: batch, isAlone: isAlone, deadline: deadline)
        } catch let error as InferenceError {
            throw ServingError(
                error.code == .inputMismatch ? .wrongShape : .failed, "the model could not compute this",
                remedy: error.remedy)
        }
    }

    private func predictParts(
        _ values: [Tensor], rows: Int, of batch: Int, isAlone: Bool, deadline: ContinuousClock.Instant?
    ) async throws -> [Tensor] {
        typealias Part = (index: Int, outputs: [Tensor])
        let starts = Array(stride(from: 0, to: rows, by: batch))
        let parts = try await withThrowingTaskGroup(of: Part.self) { group in
            for (index, start) in starts.enumerated() {
                group.addTask {
                    let range = start..<min(rows, start + batch)
                    let outputs = try await self.batcher.submit(
                        values.map { $0.rows(range) }, rows: range.count, isAlone: isAlone, deadline: deadline)
                    return (index, outputs)
                }
            }
            var parts = [[Tensor]](repeating: [], count: starts.count)
            for try await part in group { parts[part.index] = part.outputs }
            return parts
        }
        return outputs.indices.map { output in Tensor(joining: parts.map { $0[output] }) }
    }
}

extension Inference.Port {
    /// Whether all lengths but that of the rows are known.
    fileprivate var isFixedBehindRows: Bool { shape.map { !$0.dropFirst().contains(nil) } ?? false }

    fileprivate var withOpenRows: Inference.Port {
        Inference.Port(name: name, elementType: elementType, shape: shape.map { [nil] + $0.dropFirst() })
    }
}
