import LightboxCore

/// What is remembered of one tensor over the calibration images: a histogram and the mean of each channel.
struct ActivationObserver {
    private(set) var histogram = Histogram()
    private(set) var imageCount = 0
    private var channelSums: [Double] = []

    /// Means over images, rows and columns.
    var channelMeans: [Double] { channelSums.map { $0 / Double(max(imageCount, 1)) } }

    /// - Parameter values: `[images, channels, height, width]`.
    mutating func add(_ values: NDArray) {
        guard values.shape.count >= 2, values.count > 0 else { return }
        let (images, channels) = (values.shape[0], values.shape[1])
        let area = values.count / (images * channels)
        if channelSums.isEmpty { channelSums = Array(repeating: 0, count: channels) }
        values.values.withUnsafeBufferPointer { values in
            for image in 0..<images {
                for channel in 0..<channels {
                    let start = (image * channels + channel) * area
                    let plane = UnsafeBufferPointer(rebasing: values[start..<(start + area)])
                    channelSums[channel] += Double(sum(plane)) / Double(area)
                }
            }
            histogram.add(values)
        }
        imageCount += images
    }

    /// In sixteen partial sums, which the processor adds side by side.
    private func sum(_ values: UnsafeBufferPointer<Float>) -> Float {
        var partial = SIMD16<Float>()
        let whole = values.count / 16 * 16
        for start in stride(from: 0, to: whole, by: 16) {
            partial += UnsafeRawPointer(values.baseAddress! + start).loadUnaligned(as: SIMD16<Float>.self)
        }
        return partial.sum() + values[whole...].reduce(0, +)
    }
}

/// Counts of values in cells of equal width around zero; the width doubles when a value falls outside, so that one
/// pass over the data is enough.
struct Histogram: Equatable {
    /// Cells on each side of zero.
    static let sideCount = 2048

    /// Width of a cell: a power of two.
    private(set) var width: Float = 0x1p-20
    /// Cell `i` holds the values in `(i - sideCount) * width ..< (i + 1 - sideCount) * width`.
    private(set) var counts = [Int](repeating: 0, count: 2 * sideCount)
    private(set) var minimum = Float.infinity
    private(set) var maximum = -Float.infinity

    /// Values that are no numbers, or infinite, are left out.
    mutating func add(_ values: UnsafeBufferPointer<Float>) {
        var (lowest, highest) = (minimum, maximum)
        for value in values where value.isFinite {
            lowest = min(lowest, value)
            highest = max(highest, value)
        }
        guard lowest <= highest else { return }
        (minimum, maximum) = (lowest, highest)
        while max(-lowest, highest) >= width * Float(Self.sideCount) { widen() }
        let (scale, offset) = (1 / width, Float(Self.sideCount))
        counts.withUnsafeMutableBufferPointer { counts in
            for value in values where value.isFinite {
                // Below zero truncation rounds up; the offset makes all of it positive.
                counts[Int(value * scale + offset)] &+= 1
            }
        }
    }

    private mutating func widen() {
        width *= 2
        var merged = [Int](repeating: 0, count: counts.count)
        for (index, count) in counts.enumerated() where count > 0 {
            let cell = index - Self.sideCount
            merged[(cell >> 1) + Self.sideCount] += count
        }
        counts = merged
    }

    /// The middles of the cells that hold something, and how much.
    var occupied: [(value: Float, count: Int)] {
        counts.enumerated().compactMap { index, count in
            guard count > 0 else { return nil }
            // A cell at the edge of zero mostly holds zeros themselves, as rectifiers make them.
            if index == Self.sideCount && minimum >= 0 { return (0, count) }
            return ((Float(index - Self.sideCount) + 0.5) * width, count)
        }
    }
}
