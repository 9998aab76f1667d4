public import LightboxCore

extension Preprocessing {
    /// Turns an image into a network's input, changed on the way: at the network's size and on display values,
    /// before they are scaled.
    ///
    /// Without a warp and a tone the numbers are those of ``apply(to:into:)``, bit for bit.
    /// - Precondition: `output.count == count`.
    public func apply(
        to image: Image, warp: AffineWarp, fill: AffineWarp.Fill = .edge, tone: Tone = Tone(),
        into output: UnsafeMutableBufferPointer<Float>
    ) {
        guard !warp.isIdentity || !tone.isIdentity else { return apply(to: image, into: output) }
        var plain = self
        plain.scaling = .none
        let target = output.baseAddress!
        if warp.isIdentity {
            plain.apply(to: image, into: output)
        } else {
            withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { scratch in
                plain.apply(to: image, into: scratch)
                warp.apply(
                    to: scratch.baseAddress!, height: height, width: width, channels: channels, fill: fill,
                    into: target)
            }
        }
        if !tone.isIdentity { tone.apply(to: target, pixels: height * width, channels: channels) }
        for row in 0..<height { scale(target + row * width * channels) }
    }
}
