import Imaging
import LightboxCore

/// Draws maps over images.
enum HeatPicture {
    /// A PNG of the network's input size, from black over red and yellow to white, the more opaque the higher the
    /// value: to be laid over the image.
    ///
    /// - Parameters:
    ///   - map: `[rows, columns]` of any size; what is below 0 counts as 0.
    ///   - isNormalised: whether the highest value becomes 1; otherwise values are 0...1 already.
    static func png(_ map: NDArray, _ preprocessing: Preprocessing, isNormalised: Bool) -> Bytes {
        let highest = isNormalised ? map.values.max() ?? 0 : 1
        let samples = map.values.map { value -> UInt16 in
            highest > 0 ? UInt16((max(0, min(1, value / highest)) * 65535).rounded()) : 0
        }
        let small = Image(width: map.shape[1], height: map.shape[0], channels: 1, samples: .uint16(samples))
        let (height, width) = (preprocessing.height, preprocessing.width)
        let large = Preprocessing(height: height, width: width, channels: 1, scaling: .zeroToOne).apply(to: small)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(4 * large.count)
        for value in large.values {
            for channel in 0..<3 { pixels.append(byte(3 * value - Float(channel))) }
            pixels.append(byte(value))
        }
        return Bytes(PNG.encode(Image(width: width, height: height, channels: 4, samples: .uint8(pixels))))
    }

    private static func byte(_ value: Float) -> UInt8 { UInt8((max(0, min(1, value)) * 255).rounded()) }
}
