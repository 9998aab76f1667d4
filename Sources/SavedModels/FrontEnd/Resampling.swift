import Foundation

/// Separable resampling: each output row (and column) is a weighted sum of input rows, with the weights of
/// TensorFlow's kernels.
enum Resampling {
    /// Input places from `first` on, and their weights.
    struct Tap {
        var first: Int
        var weights: [Float]
    }

    struct Axis {
        var taps: [Tap]
    }

    /// - Parameters:
    ///   - shape: `[images, height, width, channels]` of `values`.
    /// - Returns: `[images, rows, columns, channels]`.
    static func apply(to values: [Float], shape: [Int], rows: Axis, columns: Axis) -> [Float] {
        let (images, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
        let (outHeight, outWidth) = (rows.taps.count, columns.taps.count)
        let line = outWidth * channels
        var output = [Float](repeating: 0, count: images * outHeight * line)
        // Along the rows first; a line is made once for all output rows that need it.
        var squeezed = [Float](repeating: 0, count: height * line)
        values.withUnsafeBufferPointer { values in
            squeezed.withUnsafeMutableBufferPointer { squeezed in
                output.withUnsafeMutableBufferPointer { output in
                    for image in 0..<images {
                        for row in 0..<height {
                            let source = values.baseAddress! + (image * height + row) * width * channels
                            let target = squeezed.baseAddress! + row * line
                            for (column, tap) in columns.taps.enumerated() {
                                for channel in 0..<channels {
                                    var sum: Float = 0
                                    for (offset, weight) in tap.weights.enumerated() {
                                        sum += weight * source[(tap.first + offset) * channels + channel]
                                    }
                                    target[column * channels + channel] = sum
                                }
                            }
                        }
                        for (row, tap) in rows.taps.enumerated() {
                            let target = output.baseAddress! + (image * outHeight + row) * line
                            for (offset, weight) in tap.weights.enumerated() {
                                let source = squeezed.baseAddress! + (tap.first + offset) * line
                                for index in 0..<line { target[index] += weight * source[index] }
                            }
                        }
                    }
                }
            }
        }
        return output
    }

    // MARK: The grids of resize_bilinear and its kin

    /// How output places fall on input places: `align_corners` and `half_pixel_centers`.
    struct Grid {
        let alignsCorners: Bool
        let hasHalfPixelCenters: Bool

        private func scale(_ input: Int, _ output: Int) -> Float {
            alignsCorners && output > 1 ? Float(input - 1) / Float(output - 1) : Float(input) / Float(output)
        }

        private func place(_ index: Int, _ scale: Float) -> Float {
            hasHalfPixelCenters ? (Float(index) + 0.5) * scale - 0.5 : Float(index) * scale
        }

        func nearest(from input: Int, to output: Int) -> Axis {
            let scale = scale(input, output)
            return Axis(
                taps: (0..<output).map { index in
                    let place = (hasHalfPixelCenters ? Float(index) + 0.5 : Float(index)) * scale
                    let whole = Int(alignsCorners ? place.rounded(.toNearestOrAwayFromZero) : place.rounded(.down))
                    return Tap(first: whole.clamped(to: 0...(input - 1)), weights: [1])
                })
        }

        func bilinear(from input: Int, to output: Int) -> Axis {
            let scale = scale(input, output)
            return Axis(
                taps: (0..<output).map { index in
                    let place = place(index, scale)
                    let share = place - place.rounded(.down)
                    let lower = Int(max(place.rounded(.down), 0)).clamped(to: 0...(input - 1))
                    let upper = Int(max(place.rounded(.up), 0)).clamped(to: 0...(input - 1))
                    return upper == lower
                        ? Tap(first: lower, weights: [1]) : Tap(first: lower, weights: [1 - share, share])
                })
        }

        /// Weights come from a table of 1,024 steps; Keys's kernel with half-pixel centres leaves out what lies
        /// outside the image, the old one repeats the edge.
        func bicubic(from input: Int, to output: Int) -> Axis {
            let scale = scale(input, output)
            let steepness: Float = hasHalfPixelCenters ? -0.5 : -0.75
            func near(_ x: Float) -> Float { ((steepness + 2) * x - (steepness + 3)) * x * x + 1 }
            func far(_ x: Float) -> Float {
                ((steepness * (x + 1) - 5 * steepness) * (x + 1) + 8 * steepness) * (x + 1) - 4 * steepness
            }
            return Axis(
                taps: (0..<output).map { index in
                    let place = place(index, scale)
                    let whole = Int(place.rounded(.down))
                    let share = ((place - place.rounded(.down)) * 1024).rounded(.toNearestOrEven) / 1024
                    let weights = [far(share), near(share), near(1 - share), far(1 - share)]
                    return folded(whole - 1, weights, input, leavesOut: hasHalfPixelCenters)
                })
        }

        private func folded(_ first: Int, _ weights: [Float], _ input: Int, leavesOut: Bool) -> Tap {
            let start = first.clamped(to: 0...(input - 1))
            let end = (first + weights.count - 1).clamped(to: start...(max(start, input - 1)))
            var tap = Tap(first: start, weights: Array(repeating: 0, count: end - start + 1))
            for (offset, weight) in weights.enumerated() {
                let place = first + offset
                if leavesOut && !(0..<input).contains(place) { continue }
                tap.weights[place.clamped(to: start...end) - start] += weight
            }
            let sum = tap.weights.reduce(0, +)
            if leavesOut, abs(sum) > 1e-30 { tap.weights = tap.weights.map { $0 / sum } }
            return tap
        }

        /// The mean of what an output place covers.
        func area(from input: Int, to output: Int) -> Axis {
            let scale = scale(input, output)
            return Axis(
                taps: (0..<output).map { index in
                    let (low, high) = (Float(index) * scale, Float(index + 1) * scale)
                    let first = Int(low.rounded(.down)).clamped(to: 0...(input - 1))
                    let last = max(first, Int(high.rounded(.up)).clamped(to: 1...input) - 1)
                    let weights = (first...last).map {
                        max(0, min(Float($0 + 1), high) - max(Float($0), low)) / scale
                    }
                    return Tap(first: first, weights: weights)
                })
        }
    }

    // MARK: scale_and_translate

    /// The kernels of `ScaleAndTranslate`, which `tf.image.resize(antialias=True)` uses.
    enum Kernel: String {
        case lanczos1, lanczos3, lanczos5, gaussian, box, triangle, keyscubic, mitchellcubic

        private var radius: Float {
            switch self {
            case .lanczos1, .triangle: 1
            case .lanczos3: 3
            case .lanczos5: 5
            case .gaussian: 1.5
            case .box: 0.5
            case .keyscubic, .mitchellcubic: 2
            }
        }

        private func value(_ x: Float) -> Float {
            let x = abs(x)
            switch self {
            case .lanczos1, .lanczos3, .lanczos5:
                if x > radius { return 0 }
                if x <= 1e-3 { return 1 }
                return radius * sin(.pi * x) * sin(.pi * x / radius) / (.pi * .pi * x * x)
            case .gaussian:
                let sigma = radius / 3
                return x >= radius ? 0 : exp(-x * x / (2 * sigma * sigma))
            case .box: return x < 0.5 ? 1 : x == 0.5 ? 0.5 : 0
            case .triangle: return x < 1 ? 1 - x : 0
            case .keyscubic:
                if x >= 2 { return 0 }
                return x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : ((1.5 * x - 2.5) * x) * x + 1
            case .mitchellcubic:
                if x >= 2 { return 0 }
                return x >= 1
                    ? (((-7.0 / 18) * x + 2) * x - 10.0 / 3) * x + 16.0 / 9
                    : (((7.0 / 6) * x - 2) * x) * x + 8.0 / 9
            }
        }

        func axis(from input: Int, to output: Int, scale: Float, shift: Float, antialias: Bool) -> Axis {
            let (step, start) = (1 / scale, -shift / scale)
            let width = antialias ? max(step, 1) : 1
            return Axis(
                taps: (0..<output).map { index in
                    let center = (Float(index) + 0.5) * step + start
                    guard center >= 0, center <= Float(input) else { return Tap(first: 0, weights: []) }
                    let reach = min(radius * width, Float(2 * input + 2))
                    let first = Int((center - reach - 0.5).rounded(.up)).clamped(to: 0...(input - 1))
                    let last = Int((center + reach - 0.5).rounded(.down)).clamped(
                        to: first...(max(first, input - 1)))
                    let weights = (first...last).map { value((Float($0) + 0.5 - center) / width) }
                    let sum = weights.reduce(0, +)
                    return Tap(first: first, weights: abs(sum) > 1e-30 ? weights.map { $0 / sum } : weights)
                })
        }
    }
}
