import Imaging
import Inference
public import LightboxCore
public import Networks

/// Turns images into fixed-length vectors with a pretrained network cut before its classifier.
///
/// The model's own `preprocessing` is used, in training as in serving, so the two cannot drift apart.
public struct FeatureExtractor: Sendable {
    /// What vectors were computed with, kept beside them.
    public struct Provenance: Sendable, Codable, Hashable {
        /// The network's name, or the model's file.
        public let network: String
        /// SHA-256 of the weight file or the model file.
        public let weights: ContentHash
        public let pooling: Pooling
        public let precision: Precision
        public let preprocessing: Preprocessing
        /// SHA-256 of the quantised model (int8 only): its calibration images are part of what it computes.
        public let quantisedModel: ContentHash?
    }

    public let provenance: Provenance
    /// Numbers per image (Xception: 2048).
    public let featureCount: Int
    /// Images that are computed at once; fewer cost as much.
    public let batch: Int
    /// What each precision did on the sample; nil when the precision was given.
    public var report: PrecisionReport?

    /// The calibrated model that computes (int8 only), for processes that are to compute the same.
    package let quantised: Bytes?
    let model: CompiledModel
    let layout: ImageLayout

    public var preprocessing: Preprocessing { layout.preprocessing }

    /// Prepares images of any size, one or three channels, as one input.
    ///
    /// - Returns: `[images.count, height, width, channels]`.
    public func input(for images: [Image]) -> NDArray {
        let preprocessing = preprocessing
        let count = preprocessing.count
        let values = [Float](unsafeUninitializedCapacity: images.count * count) { buffer, filled in
            for (index, image) in images.enumerated() {
                let place = UnsafeMutableBufferPointer(rebasing: buffer[(index * count)..<((index + 1) * count)])
                preprocessing.apply(to: image, into: place)
            }
            filled = images.count * count
        }
        let shape = [images.count, preprocessing.height, preprocessing.width, preprocessing.channels]
        return NDArray(shape: shape, values: values)
    }

    /// Computes one vector per image, in the order given.
    ///
    /// - Parameter images: any number of any size, one or three channels, display values over the whole range of
    ///   their type (not Hounsfield units).
    /// - Returns: `images.count` vectors of ``featureCount`` numbers.
    public func vectors(for images: [Image]) async throws -> [[Float]] {
        var result: [[Float]] = []
        for start in stride(from: 0, to: images.count, by: batch) {
            let piece = Array(images[start..<min(images.count, start + batch)])
            result += try await vectors(for: input(for: piece))
        }
        return result
    }

    /// One vector per image, in the order given, while the calling thread waits: for pipelines with threads of their
    /// own, several of which may call at once.
    public func run(_ images: [Image]) throws -> [[Float]] {
        try stride(from: 0, to: images.count, by: batch).flatMap { start in
            try run(input(for: Array(images[start..<min(images.count, start + batch)])))
        }
    }

    /// The same for a prepared batch of `[n, height, width, channels]`, n at most ``batch``.
    public func run(_ batch: NDArray) throws -> [[Float]] {
        let count = try checkedCount(batch)
        let output = try model.run([layout.tensor(batch)])[0]
        return layout.vectors(output.array, count: count, pooling: provenance.pooling)
    }

    /// Computes one vector per image of a prepared batch. Several tasks may ask at once: the processor is full when
    /// ``CompiledModel/requestCount`` batches are under way.
    ///
    /// - Parameter batch: `[n, height, width, channels]`, n at most ``batch``, scaled by ``preprocessing``.
    public func vectors(for batch: NDArray) async throws -> [[Float]] {
        let count = try checkedCount(batch)
        let output = try await model.predict([layout.tensor(batch)])[0]
        return layout.vectors(output.array, count: count, pooling: provenance.pooling)
    }

    /// Computes prepared batches as they come from `next`, until that gives nil, and hands the vectors to `consume`
    /// in the same order, with what belongs to them.
    ///
    /// While batches are computed `next` prepares the following ones; a few are in memory at any time. `next` and
    /// `consume` are never called at the same time.
    public func process<Context: Sendable>(
        next: () async throws -> (context: Context, batch: NDArray)?,
        consume: (Context, _ vectors: [[Float]]) async throws -> Void
    ) async throws {
        try await model.process(
            next: {
                guard let (context, batch) = try await next() else { return nil }
                return ((context, try checkedCount(batch)), [layout.tensor(batch)])
            },
            consume: { (item: (context: Context, count: Int), outputs) in
                let vectors = layout.vectors(outputs[0].array, count: item.count, pooling: provenance.pooling)
                try await consume(item.context, vectors)
            })
    }

    private func checkedCount(_ batch: NDArray) throws -> Int {
        let wanted = [preprocessing.height, preprocessing.width, preprocessing.channels]
        guard batch.shape.count == 4, Array(batch.shape.dropFirst()) == wanted,
            (1...self.batch).contains(batch.shape[0])
        else {
            throw FeatureError(
                code: .inputMismatch, model: provenance.network,
                remedy: "A batch is 1 to \(self.batch) images of \(wanted), not \(batch.shape).")
        }
        return batch.shape[0]
    }
}
