/// A change of contrast and brightness, on display values 0...255.
public struct Tone: Sendable, Hashable {
    /// Added to every value.
    public var brightness: Float
    /// Multiplies each value's distance from the mean of its channel.
    public var contrast: Float

    public init(brightness: Float = 0, contrast: Float = 1) {
        self.brightness = brightness
        self.contrast = contrast
    }

    public var isIdentity: Bool { brightness == 0 && contrast == 1 }

    /// `(x − mean) · contrast + mean + brightness`, held within 0...255, as `tf.image.adjust_contrast` and
    /// `adjust_brightness` in one.
    ///
    /// - Parameters:
    ///   - values: `pixels × channels`.
    public func apply(to values: UnsafeMutablePointer<Float>, pixels: Int, channels: Int) {
        for channel in 0..<channels {
            var sum = 0.0
            for pixel in 0..<pixels { sum += Double(values[pixel * channels + channel]) }
            let mean = Float(sum / Double(pixels))
            let offset = mean + brightness
            for pixel in 0..<pixels {
                let index = pixel * channels + channel
                values[index] = min(max((values[index] - mean) * contrast + offset, 0), 255)
            }
        }
    }
}
