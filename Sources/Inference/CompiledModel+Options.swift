import Foundation

extension CompiledModel {
    /// How a model is compiled.
    public struct Options: Sendable, Equatable {
        /// The arithmetic of the layers that are not quantised in the file.
        public enum Precision: String, Sendable, Codable, CaseIterable {
            case float32 = "f32"
            /// Sums in 32 bits, factors in bfloat16; on a processor without it OpenVINO stays with f32.
            case bfloat16 = "bf16"
        }

        public var precision = Precision.float32
        /// Images computed at once. An open first dimension of the inputs is fixed to it, which is faster than
        /// leaving it open; nil leaves it open.
        public var batch: Int?
        /// How many batches run side by side, each on its share of the threads; nil: one for every four threads.
        public var streams: Int?
        /// nil: all cores that the process may use.
        public var threads: Int?

        public init(
            precision: Precision = .float32, batch: Int? = nil, streams: Int? = nil, threads: Int? = nil
        ) {
            self.precision = precision
            self.batch = batch
            self.streams = streams
            self.threads = threads
        }

        /// OpenVINO's property names and values, in pairs.
        var properties: [(String, String)] {
            let cores = threads ?? ProcessInfo.processInfo.activeProcessorCount
            var result = [
                ("INFERENCE_PRECISION_HINT", precision.rawValue),
                ("NUM_STREAMS", String(streams ?? max(1, cores / 4))),
                // Pinned threads wait for their core when another process holds it.
                ("ENABLE_CPU_PINNING", "NO"),
            ]
            if let threads { result.append(("INFERENCE_NUM_THREADS", String(threads))) }
            return result
        }

        /// An input's shape with the batch fixed; nil when something stays open or nothing is to be fixed.
        func shape(of port: Port) -> [Int]? {
            guard let shape = port.shape, !shape.isEmpty else { return nil }
            let lengths = [shape[0] ?? batch] + shape.dropFirst()
            return lengths.contains(nil) ? nil : lengths.compactMap { $0 }
        }
    }
}
