import Foundation
import Imaging
public import LightboxCore

/// Bits that stay nearly the same when a picture is resized, recompressed or made a little brighter.
///
/// The picture is brought to 32 × 32 grey values by averaging areas; of its cosine transform the 8 × 8 lowest
/// frequencies are compared with their median, row by row from the upper left, highest bit first. (The scheme
/// known as pHash; Zauner 2010, Implementation and Benchmarking of Perceptual Image Hash Functions.) Films of
/// chests are much alike in so few frequencies, so the other 192 of the lowest 16 × 16 are kept as well.
public struct PerceptualHash: Sendable, Hashable, Codable {
    /// The 64 lowest frequencies.
    public let bits: UInt64
    /// The 192 next ones, in the same order, compared with a median of their own.
    public let detail: [UInt64]

    public init(bits: UInt64, detail: [UInt64] = [0, 0, 0]) {
        self.bits = bits
        self.detail = detail
    }

    public init(_ image: Image) {
        let waves = Self.frequencies(Self.thumbnail(image))
        let isLow = waves.indices.map { $0 / 16 < 8 && $0 % 16 < 8 }
        bits = Self.aboveMedian(zip(waves, isLow).filter(\.1).map(\.0))[0]
        detail = Self.aboveMedian(zip(waves, isLow).filter { !$0.1 }.map(\.0))
    }

    /// One bit a value, highest first, 64 to a word: whether it is above the median.
    private static func aboveMedian(_ values: [Double]) -> [UInt64] {
        let sorted = values.sorted()
        let median = (sorted[values.count / 2 - 1] + sorted[values.count / 2]) / 2
        return stride(from: 0, to: values.count, by: 64).map { start in
            values[start..<(start + 64)].reduce(0) { $0 << 1 | ($1 > median ? 1 : 0) }
        }
    }

    /// In how many of the 64 bits two hashes differ: 0 for the same picture, about 32 for two unrelated ones.
    public func distance(to other: PerceptualHash) -> Int { (bits ^ other.bits).nonzeroBitCount }

    /// In how many of the 192 finer bits: of 200 radiographs no two were nearer than 44, while copies at half the
    /// size, pressed, brightened or cut by four pixels at the edges kept within 38 at least 19 times in 20.
    public func detailDistance(to other: PerceptualHash) -> Int {
        zip(detail, other.detail).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
    }

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

    /// `cos(π (2 x + 1) u / 64)` for the sixteen lowest frequencies `u`: rows of an unscaled DCT-II.
    private static let waves: [Double] = (0..<16).flatMap { frequency in
        (0..<side).map { cos(Double.pi * Double(2 * $0 + 1) * Double(frequency) / Double(2 * side)) }
    }

    /// The 16 × 16 lowest frequencies, rows (vertical frequency) first.
    private static func frequencies(_ picture: [Double]) -> [Double] {
        var vertical = [Double](repeating: 0, count: 16 * side)
        for frequency in 0..<16 {
            for row in 0..<side {
                let wave = waves[frequency * side + row]
                for column in 0..<side {
                    vertical[frequency * side + column] += wave * picture[row * side + column]
                }
            }
        }
        return (0..<256).map { index in
            let (down, across) = (index / 16, index % 16)
            return (0..<side).reduce(0.0) { $0 + vertical[down * side + $1] * waves[across * side + $1] }
        }
    }
}
