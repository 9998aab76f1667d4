package import Inference
package import LightboxCore
import Networks

/// How a model wants its images, and how its output becomes vectors.
package struct ImageLayout: Sendable, Equatable {
    /// Whether the model takes `[images, channels, height, width]`.
    let isChannelsFirst: Bool
    /// Images that the model takes at once.
    let batch: Int
    let preprocessing: Preprocessing

    /// Reads the layout off a model's inputs, before or after its batch was fixed.
    package init(_ inputs: [Port], batch: Int, preprocessing: Preprocessing, model: String) throws {
        guard inputs.count == 1, let shape = inputs[0].shape, shape.count == 4 else {
            throw FeatureError(
                code: .modelUnsuitable, model: model,
                remedy: "A feature model has one input of four dimensions; this has \(inputs.count) inputs.")
        }
        self.batch = shape[0] ?? batch
        self.preprocessing = preprocessing
        let lengths = [preprocessing.height, preprocessing.width, preprocessing.channels]
        let first = [preprocessing.channels, preprocessing.height, preprocessing.width]
        let isLast = zip(shape.dropFirst(), lengths).allSatisfy { $0 == nil || $0 == $1 }
        let isFirst = zip(shape.dropFirst(), first).allSatisfy { $0 == nil || $0 == $1 }
        guard isLast || isFirst else {
            let found = shape.dropFirst().map { $0.map(String.init) ?? "any" }.joined(separator: " × ")
            throw FeatureError(
                code: .modelUnsuitable, model: model,
                remedy: "Its input is \(found); the preprocessing gives \(lengths) (height, width, channels).")
        }
        isChannelsFirst = !isLast
    }

    /// The shape of one batch as the model takes it.
    var shape: [Int] {
        let (height, width, channels) = (preprocessing.height, preprocessing.width, preprocessing.channels)
        return isChannelsFirst ? [batch, channels, height, width] : [batch, height, width, channels]
    }

    /// One batch as the model takes it, zeros where `images` has fewer.
    ///
    /// - Parameter images: `[n, height, width, channels]`, n at most `batch`.
    package func tensor(_ images: NDArray) -> Tensor {
        if !isChannelsFirst && images.shape[0] == batch { return Tensor(images) }
        let total = shape.reduce(1, *)
        let channels = preprocessing.channels
        let area = preprocessing.height * preprocessing.width
        let values = [Float](unsafeUninitializedCapacity: total) { buffer, filled in
            filled = total
            images.values.withUnsafeBufferPointer { source in
                if isChannelsFirst {
                    for image in 0..<images.shape[0] {
                        let start = image * area * channels
                        for channel in 0..<channels {
                            for pixel in 0..<area {
                                buffer[start + channel * area + pixel] = source[start + pixel * channels + channel]
                            }
                        }
                    }
                } else {
                    _ = buffer.update(fromContentsOf: source)
                }
            }
            for index in images.count..<total { buffer[index] = 0 }
        }
        return Tensor(shape: shape, elements: .float32(values))
    }

    /// The vectors of the first `count` images of an output.
    ///
    /// A network of this package has pooled already, so that its output has two dimensions, or four and is wanted
    /// whole. A feature map of a user's model is pooled here over the dimensions that are not its channels.
    func vectors(_ output: NDArray, count: Int, pooling: Pooling) -> [[Float]] {
        let size = output.count / max(output.shape.first ?? 1, 1)
        return (0..<count).map { image in
            let slice = output.values[(image * size)..<((image + 1) * size)]
            guard pooling != .none, output.shape.count == 4 else { return Array(slice) }
            let channels = isChannelsFirst ? output.shape[1] : output.shape[3]
            let area = size / channels
            return (0..<channels).map { channel in
                let indices = (0..<area).lazy.map {
                    isChannelsFirst ? channel * area + $0 : $0 * channels + channel
                }
                let values = indices.map { slice[slice.startIndex + $0] }
                return pooling == .max ? values.max() ?? 0 : values.reduce(0, +) / Float(area)
            }
        }
    }
}
