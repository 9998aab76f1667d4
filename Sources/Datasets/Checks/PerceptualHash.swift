import Foundation
import Imaging
public import LightboxCore

/// 64 bits that stay nearly the same when a picture is resized, recompressed or made a little brighter.
///
/// The picture is brought to 32 × 32 grey values by averaging areas; of its cosine transform the 8 × 8 lowest
/// frequencies are compared with their median, row by row from the upper left, highest bit first. (The scheme
/// known as pHash; Zauner 2010, Implementation and Benchmarking of Perceptual Image Hash Functions.)
public struct PerceptualHash: Sendable, Hashable, Codable {
    public let bits: UInt64

    public init(bits: UInt64) { self.bits = bits }

    public init(_ image: Image) {
        let low = Self.lowFrequencies(Self.thumbnail(image))
        let sorted = low.sorted()
        let median = (sorted[31] + sorted[32]) / 2
        bits = low.reduce(0) { $0 << 1 | ($1 > median ? 1 : 0) }
    }

    /// In how many of the 64 bits two hashes differ: 0 for the same picture, about 32 for two unrelated ones.
    public func distance(to other: PerceptualHash) -> Int { (bits ^ other.bits).nonzeroBitCount }

    static let side = 32

    /// 32 × 32 means of the areas that the pixels cover.
    static func thumbnail(_ image: Image) -> [Double] {
        let plain = Preprocessing(height: image.height, width: image.width, channels: 1, scaling: .none)
        let grey = plain.apply(to: image).values
        let rows = shares(image.height)
        let columns = shares(image.width)
        var narrow = [Double](repeating: 0, count: image.height * side)
        grey.withUnsafeBufferPointer { grey in
            for row in 0..<image.height {
                for (target, share) in columns.enumerated() {
                    var sum = 0.0
                    for (offset, weight) in share.weights.enumerated() {
                        sum += weight * Double(grey[row * image.width + share.first + offset])
                    }
                    narrow[row * side + target] = sum
                }
            }
        }
        var small = [Double](repeating: 0, count: side * side)
        for (target, share) in rows.enumerated() {
            for (offset, weight) in share.weights.enumerated() {
                let row = share.first + offset
                for column in 0..<side { small[target * side + column] += weight * narrow[row * side + column] }
            }
        }
        return small
    }

    /// For each of 32 places the pixels of a line that it covers, with the part of it that each makes up.
    private static func shares(_ length: Int) -> [(first: Int, weights: [Double])] {
        let scale = Double(length) / Double(side)
        return (0..<side).map { place in
            let (start, end) = (Double(place) * scale, Double(place + 1) * scale)
            let first = Int(start)
            let last = min(length - 1, Int(end.rounded(.up)) - 1)
            let weights = (first...max(first, last)).map { pixel in
                (min(end, Double(pixel + 1)) - max(start, Double(pixel))) / scale
            }
            return (first, weights)
        }
    }

    /// `cos(π (2 x + 1) u / 64)` for the eight lowest frequencies `u`: rows of an unscaled DCT-II.
    private static let waves: [Double] = (0..<8).flatMap { frequency in
        (0..<side).map { cos(Double.pi * Double(2 * $0 + 1) * Double(frequency) / Double(2 * side)) }
    }

    /// The 8 × 8 lowest frequencies, rows (vertical frequency) first.
    private static func lowFrequencies(_ picture: [Double]) -> [Double] {
        var vertical = [Double](repeating: 0, count: 8 * side)
        for frequency in 0..<8 {
            for row in 0..<side {
                let wave = waves[frequency * side + row]
                for column in 0..<side {
                    vertical[frequency * side + column] += wave * picture[row * side + column]
                }
            }
        }
        return (0..<64).map { index in
            let (down, across) = (index / 8, index % 8)
            return (0..<side).reduce(0.0) { $0 + vertical[down * side + $1] * waves[across * side + $1] }
        }
    }
}
