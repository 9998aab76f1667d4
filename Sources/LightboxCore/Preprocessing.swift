/// How an image becomes a network's input: one value that training, embedding and serving share.
///
/// The order is: channels (grey repeated to three, or colour to luma), resize, scaling.
public struct Preprocessing: Sendable, Hashable, Codable {
    /// How display values 0...255 are scaled (16-bit images are brought to 0...255 first).
    public enum Scaling: String, Sendable, Codable, CaseIterable {
        /// 0...255 unchanged.
        case none
        /// `x / 255`: 0...1.
        case zeroToOne
        /// `x / 127.5 - 1`: −1...1 (Keras mode `tf`: Xception, Inception, MobileNet).
        case minusOneToOne
        /// `(x / 255 - mean) / standard deviation` of ImageNet, RGB (Keras mode `torch`: DenseNet).
        case imageNetStandardised
        /// BGR order, ImageNet's mean (103.939, 116.779, 123.68) subtracted (Keras mode `caffe`: ResNet50).
        case caffe
    }

    /// How the input grid is laid over the image.
    public enum Resampling: String, Sendable, Codable, CaseIterable {
        /// Bilinear with half-pixel centres: `tf.image.resize` of TensorFlow 2.
        case bilinear
        /// Bilinear with corner origin: `tf.image.resize_images` of TensorFlow 1 (`align_corners=False`).
        case legacyBilinear
    }

    /// Pixels.
    public var height: Int
    /// Pixels.
    public var width: Int
    /// 1 or 3.
    public var channels: Int
    public var scaling: Scaling
    public var resampling: Resampling

    public init(
        height: Int, width: Int, channels: Int = 3, scaling: Scaling, resampling: Resampling = .bilinear
    ) {
        self.height = height
        self.width = width
        self.channels = channels
        self.scaling = scaling
        self.resampling = resampling
    }
}
