import LightboxCore

/// Bilinear interpolation between samples, the numbers of TensorFlow's `resize_bilinear` kernel.
///
/// No low-pass filter is applied when an image shrinks (`antialias=False`, TensorFlow's default). All
/// arithmetic is in Float and in the kernel's order: along the row first, then down.
struct Bilinear {
    /// For each output place its two neighbours in the input and the second one's share.
    struct Axis {
        var lower: [Int32]
        var upper: [Int32]
        var share: [Float]

        init(from input: Int, to output: Int, _ resampling: Preprocessing.Resampling) {
            let scale = Float(input) / Float(output)
            let places = (0..<output).map { index in
                switch resampling {
                case .bilinear: (Float(index) + 0.5) * scale - 0.5
                case .legacyBilinear: Float(index) * scale
                }
            }
            lower = places.map { Int32(min(max($0.rounded(.down), 0), Float(input - 1))) }
            upper = places.map { Int32(min(max($0.rounded(.up), 0), Float(input - 1))) }
            share = places.map { $0 - $0.rounded(.down) }
        }
    }

    let columns: Axis
    let rows: Axis

    init(of image: Image, height: Int, width: Int, _ resampling: Preprocessing.Resampling) {
        columns = Axis(from: image.width, to: width, resampling)
        rows = Axis(from: image.height, to: height, resampling)
    }

    /// Gives each output row in turn, `channels` interleaved samples a pixel.
    ///
    /// - Parameters:
    ///   - samples: of an image with `stride` channels, of which the first `channels` are taken.
    func forEachRow<Sample: BinaryInteger>(
        _ samples: UnsafePointer<Sample>, inputWidth: Int, stride: Int, channels: Int,
        _ body: (Int, UnsafePointer<Float>) -> Void
    ) {
        let width = columns.share.count * channels
        // The two rows between which the current output row lies; a neighbour often serves again.
        let scratch = UnsafeMutablePointer<Float>.allocate(capacity: 3 * width)
        defer { scratch.deallocate() }
        let output = scratch + 2 * width
        var (top, bottom) = (scratch, scratch + width)
        var (topRow, bottomRow) = (-1, -1)
        for row in 0..<rows.share.count {
            let (lower, upper) = (Int(rows.lower[row]), Int(rows.upper[row]))
            if lower == bottomRow {
                swap(&top, &bottom)
                swap(&topRow, &bottomRow)
            }
            if lower != topRow {
                interpolate(samples + lower * inputWidth * stride, stride, channels, into: top)
                topRow = lower
            }
            if upper != bottomRow {
                interpolate(samples + upper * inputWidth * stride, stride, channels, into: bottom)
                bottomRow = upper
            }
            let share = rows.share[row]
            for index in 0..<width { output[index] = top[index] + (bottom[index] - top[index]) * share }
            body(row, output)
        }
    }

    @inline(__always)
    private func interpolate<Sample: BinaryInteger>(
        _ row: UnsafePointer<Sample>, _ stride: Int, _ channels: Int, into output: UnsafeMutablePointer<Float>
    ) {
        let count = columns.share.count
        columns.lower.withUnsafeBufferPointer { lower in
            columns.upper.withUnsafeBufferPointer { upper in
                columns.share.withUnsafeBufferPointer { share in
                    var target = output
                    for column in 0..<count {
                        let left = row + Int(lower[column]) * stride
                        let right = row + Int(upper[column]) * stride
                        for channel in 0..<channels {
                            let first = Float(left[channel])
                            target[channel] = first + (Float(right[channel]) - first) * share[column]
                        }
                        target += channels
                    }
                }
            }
        }
    }
}
