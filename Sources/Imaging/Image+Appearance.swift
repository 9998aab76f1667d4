import Foundation
public import LightboxCore

extension Image {
    /// Numbers of ``appearance()``.
    public static let appearanceLength = 32

    /// What the picture looks like, whatever it shows: brightness, contrast, sharpness and noise.
    ///
    /// A network's features hardly move with these, which is why a gamma or a window that changed goes unnoticed there.
    ///
    /// - Returns: of the image at 224 × 224, as luma 0...1: the quantiles at 2, 10, 20 ... 90, 98 %; their logarithms;
    ///   skewness and the logarithm of the kurtosis; then for the image and for its half, in each quarter of the pixels from
    ///   the dark to the bright ones, the logarithm of the mean Laplacian.
    public func appearance() -> [Float] {
        let side = 224
        let plane = Preprocessing(height: side, width: side, channels: 1, scaling: .zeroToOne).apply(to: grey)
            .values
        let quantiles = [0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98]
        let values = Self.quantiles(quantiles, of: plane)
        return values.map(Float.init) + values.map { Float(log($0 + 0.02)) } + Self.shape(of: plane)
            + Self.sharpness(plane, side) + Self.sharpness(Self.halved(plane, side), side / 2)
    }

    /// One channel where all are equal, so that a grey picture gives the same numbers however it was read.
    private var grey: Image {
        func first<Sample: Equatable>(_ samples: [Sample]) -> [Sample]? {
            var values: [Sample] = []
            values.reserveCapacity(width * height)
            for place in stride(from: 0, to: samples.count, by: channels) {
                guard samples[place] == samples[place + 1], samples[place] == samples[place + 2] else {
                    return nil
                }
                values.append(samples[place])
            }
            return values
        }
        guard channels > 1 else { return self }
        let samples: Samples?
        switch self.samples {
        case .uint8(let values): samples = first(values).map { .uint8($0) }
        case .uint16(let values): samples = first(values).map { .uint16($0) }
        }
        return samples.map { Image(width: width, height: height, channels: 1, samples: $0) } ?? self
    }

    /// Between the two nearest values in proportion.
    private static func quantiles(_ shares: [Double], of values: [Float]) -> [Double] {
        let sorted = values.sorted()
        return shares.map { share in
            let place = share * Double(sorted.count - 1)
            let (low, rest) = (Int(place), place - place.rounded(.down))
            let high = min(low + 1, sorted.count - 1)
            return Double(sorted[low]) * (1 - rest) + Double(sorted[high]) * rest
        }
    }

    private static func shape(of plane: [Float]) -> [Float] {
        let count = Double(plane.count)
        let mean = plane.reduce(0.0) { $0 + Double($1) } / count
        var (second, third, fourth) = (0.0, 0.0, 0.0)
        for value in plane {
            let difference = Double(value) - mean
            let square = difference * difference
            second += square
            third += square * difference
            fourth += square * square
        }
        // Noise of an even picture has no shape.
        let deviation = (second / count).squareRoot() + 1e-3
        return [
            Float(third / count / (deviation * deviation * deviation)),
            Float(log(fourth / count / (deviation * deviation * deviation * deviation) + 0.1)),
        ]
    }

    private static func sharpness(_ plane: [Float], _ side: Int) -> [Float] {
        let limits = quantiles([0.25, 0.5, 0.75], of: plane).map(Float.init)
        var sums = [Double](repeating: 0, count: 4)
        var counts = [Double](repeating: 0, count: 4)
        for row in 1..<(side - 1) {
            for place in (row * side + 1)..<(row * side + side - 1) {
                let value = plane[place]
                let around = plane[place - 1] + plane[place + 1] + plane[place - side] + plane[place + side]
                let quarter = value < limits[1] ? (value < limits[0] ? 0 : 1) : (value < limits[2] ? 2 : 3)
                sums[quarter] += Double(abs(4 * value - around))
                counts[quarter] += 1
            }
        }
        return zip(sums, counts).map { Float(log(1e-4 + ($1 > 0 ? $0 / $1 : 0))) }
    }

    /// Each pixel the mean of four.
    private static func halved(_ plane: [Float], _ side: Int) -> [Float] {
        var half: [Float] = []
        half.reserveCapacity(plane.count / 4)
        for row in stride(from: 0, to: side, by: 2) {
            for column in stride(from: 0, to: side, by: 2) {
                let place = row * side + column
                half.append((plane[place] + plane[place + 1] + plane[place + side] + plane[place + side + 1]) / 4)
            }
        }
        return half
    }
}
