/// How much memory pixel data may ask for. Checked before anything is allocated or any codec is called.
public struct PixelLimits: Sendable, Hashable {
    /// Bytes of one decoded frame.
    public var bytesPerFrame: Int
    /// Bytes of all frames together.
    public var bytesPerImage: Int

    public init(bytesPerFrame: Int = 512 << 20, bytesPerImage: Int = 2 << 30) {
        self.bytesPerFrame = bytesPerFrame
        self.bytesPerImage = bytesPerImage
    }

    public static let standard = PixelLimits()
}
