public import Imaging
import LightboxCore

/// How far training images may be changed at random, so that a network does not learn them by heart.
///
/// Every number is the largest change either way; the default changes nothing. Films of chests are not mirrored
/// unless asked: the heart is on the left.
public struct Augmentation: Sendable, Codable, Hashable {
    /// Mirrors half of the images left to right.
    public var flip = false
    /// Degrees.
    public var rotationDegrees = 0.0
    /// Share of height and of width.
    public var shift = 0.0
    /// 0.1: between 0.9 and 1.1 times as large. Less than 1.
    public var zoom = 0.0
    /// Share of the range from black to white.
    public var brightness = 0.0
    /// 0.1: between 0.9 and 1.1 times the contrast.
    public var contrast = 0.0
    /// What comes into view from outside the picture.
    public var fill = AffineWarp.Fill.constant(0)

    public init() {}

    public static let none = Augmentation()

    /// Small changes, such as between two films of one chest.
    public static let chestFilm: Augmentation = {
        var small = Augmentation()
        (small.rotationDegrees, small.shift, small.zoom) = (5, 0.04, 0.06)
        (small.brightness, small.contrast) = (0.08, 0.12)
        return small
    }()

    public var isIdentity: Bool {
        !flip && rotationDegrees == 0 && shift == 0 && zoom == 0 && brightness == 0 && contrast == 0
    }

    /// - Throws: ``DatasetError`` for numbers that no picture survives.
    public func check() throws {
        let limits: [(String, Double, ClosedRange<Double>)] = [
            ("rotation", rotationDegrees, 0...180), ("shift", shift, 0...1), ("zoom", zoom, 0...0.9),
            ("brightness", brightness, 0...1), ("contrast", contrast, 0...1),
        ]
        for (name, value, range) in limits where !range.contains(value) {
            throw DatasetError(
                .invalidValue, "augmentation", remedy: "\(name) lies in \(range.lowerBound)...\(range.upperBound)."
            )
        }
    }

    /// One image's change.
    public struct Draw: Sendable, Hashable {
        public var warp = AffineWarp()
        public var tone = Tone()

        public init(warp: AffineWarp = AffineWarp(), tone: Tone = Tone()) {
            self.warp = warp
            self.tone = tone
        }
    }

    /// The change of one image in one epoch: the same arguments give the same change, in whatever order and on
    /// whatever thread it is asked for.
    ///
    /// - Parameters:
    ///   - index: of the sample in its data set.
    ///   - copy: counts an image that is drawn several times in an epoch, from 0.
    ///   - height: of the network's input, in pixels, as `width`.
    public func draw(seed: UInt64, epoch: Int, index: Int, copy: Int = 0, height: Int, width: Int) -> Draw {
        guard !isIdentity else { return Draw() }
        var generator = SeededGenerator(seed: seed, stream: "augment \(epoch) \(index) \(copy)")
        // Always seven numbers, so that one setting does not change what another does.
        let flips = generator.uniform() < 0.5
        func either(_ range: Double) -> Double { (2 * generator.uniform() - 1) * range }
        let degrees = either(rotationDegrees)
        let (down, right) = (either(shift), either(shift))
        let size = 1 + either(zoom)
        let tone = Tone(brightness: Float(255 * either(brightness)), contrast: Float(1 + either(contrast)))
        let warp = AffineWarp(
            height: height, width: width, rotationDegrees: degrees, shift: (down, right), zoom: size,
            flipsColumns: flip && flips)
        return Draw(warp: warp, tone: tone)
    }
}
