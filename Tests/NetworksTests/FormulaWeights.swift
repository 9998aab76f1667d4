import LightboxCore
import Networks

/// Weights and images made by a formula of name and index, which
/// `Tests/Reference/networks/make_network_reference.py` repeats for Keras.
enum Formula {
    /// `count` numbers in −1..<1: a hash of the name's FNV-1a value and the index.
    static func numbers(_ name: String, count: Int) -> [Float] {
        let seed = name.utf8.reduce(0x811c_9dc5 as UInt32) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            for index in 0..<count {
                var x = seed &+ UInt32(truncatingIfNeeded: index) &* 0x9e37_79b9
                x = (x ^ (x >> 16)) &* 0x85eb_ca6b
                x = (x ^ (x >> 13)) &* 0xc2b2_ae35
                x ^= x >> 16
                buffer[index] = Float(x >> 8) * 0x1p-23 - 1
            }
            filled = count
        }
    }

    /// - Parameter gain: a factor on all kernels, with which ReLU6 meets its upper end in every network.
    static func weights(for graph: Graph, gain: Float = 1) -> NetworkWeights {
        var layers: [String: [NDArray]] = [:]
        for layer in graph.layers where !layer.weights.isEmpty {
            layers[layer.name] = layer.weights.map { array($0, of: layer.name, gain: gain) }
        }
        return NetworkWeights(layers)
    }

    /// Kernels keep the variance of what flows through ReLUs (He et al. 2015); norms stay near the identity.
    private static func array(_ weight: WeightSpecification, of layer: String, gain: Float) -> NDArray {
        let count = weight.shape.reduce(1, *)
        var (middle, spread): (Float, Float) = (0, 0.1)
        switch weight.name {
        case "kernel", "pointwise_kernel":
            spread = gain * (6 / Float(weight.shape.dropLast().reduce(1, *))).squareRoot()
        case "depthwise_kernel":
            spread = gain * (6 / Float(weight.shape[0] * weight.shape[1])).squareRoot()
        case "gamma", "moving_variance":
            (middle, spread) = (1, 0.2)
        default:
            break
        }
        let values = numbers(layer + "/" + weight.name, count: count).map { middle + spread * $0 }
        return NDArray(shape: weight.shape, values: values)
    }

    /// Images × height × width × channels, −1..<1, with edges and plains of 8 × 8 pixels.
    static func images(count: Int, shape: [Int]) -> NDArray {
        let (height, width, channels) = (shape[0], shape[1], shape[2])
        let (rows, columns) = ((height + 7) / 8, (width + 7) / 8)
        let coarse = numbers("image/coarse", count: count * rows * columns * channels)
        let fine = numbers("image/fine", count: count * height * width * channels)
        var values: [Float] = []
        values.reserveCapacity(fine.count)
        for image in 0..<count {
            for row in 0..<height {
                for column in 0..<width {
                    for channel in 0..<channels {
                        let block = ((image * rows + row / 8) * columns + column / 8) * channels + channel
                        values.append(0.75 * coarse[block] + 0.25 * fine[values.count])
                    }
                }
            }
        }
        return NDArray(shape: [count] + shape, values: values)
    }
}
