public import LightboxCore

extension Preprocessing {
    /// Floats that one image becomes: `height * width * channels`.
    public var count: Int { height * width * channels }

    /// Turns an image into a network's input.
    ///
    /// - Parameter image: any size, 1, 3 or 4 channels (opacity is dropped), 8 or 16 bits (`x / 257`).
    /// - Returns: shape `[height, width, channels]`.
    public func apply(to image: Image) -> NDArray {
        let values = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            apply(to: image, into: buffer)
            filled = count
        }
        return NDArray(shape: [height, width, channels], values: values)
    }

    /// The same into memory of the caller, as one image's place in a batch.
    ///
    /// - Precondition: `output.count == count`.
    public func apply(to image: Image, into output: UnsafeMutableBufferPointer<Float>) {
        precondition(output.count >= count && [1, 3].contains(channels) && height > 0 && width > 0)
        switch image.samples {
        case .uint8(let samples):
            samples.withUnsafeBufferPointer { fill(output.baseAddress!, from: $0.baseAddress!, image, divisor: 1) }
        case .uint16(let samples):
            samples.withUnsafeBufferPointer {
                fill(output.baseAddress!, from: $0.baseAddress!, image, divisor: 257)
            }
        }
    }

    private func fill<Sample: BinaryInteger>(
        _ output: UnsafeMutablePointer<Float>, from samples: UnsafePointer<Sample>, _ image: Image, divisor: Float
    ) {
        let bilinear = Bilinear(of: image, height: height, width: width, resampling)
        let colours = min(image.channels, 3)
        bilinear.forEachRow(samples, inputWidth: image.width, stride: image.channels, channels: colours) {
            row, line in
            let target = output + row * width * channels
            convert(line, colours, into: target)
            if divisor != 1 { for index in 0..<(width * channels) { target[index] /= divisor } }
            scale(target)
        }
    }

    /// Grey repeated to three, or colour to the luma of `tf.image.rgb_to_grayscale`.
    ///
    /// Interpolation is linear, so that luma after it equals luma before it, at less work.
    private func convert(_ line: UnsafePointer<Float>, _ colours: Int, into target: UnsafeMutablePointer<Float>) {
        if colours == channels {
            target.update(from: line, count: width * channels)
        } else if colours == 1 {
            for column in 0..<width {
                target[3 * column] = line[column]
                target[3 * column + 1] = line[column]
                target[3 * column + 2] = line[column]
            }
        } else {
            for column in 0..<width {
                let (red, green, blue) = (line[3 * column], line[3 * column + 1], line[3 * column + 2])
                target[column] = 0.2989 * red + 0.5870 * green + 0.1140 * blue
            }
        }
    }

    /// Scales one row, 0...255 before; with one channel, ImageNet's numbers are averaged over the colours.
    func scale(_ row: UnsafeMutablePointer<Float>) {
        let count = width * channels
        switch scaling {
        case .none: break
        case .zeroToOne: for index in 0..<count { row[index] /= 255 }
        case .minusOneToOne: for index in 0..<count { row[index] = row[index] / 127.5 - 1 }
        case .imageNetStandardised:
            for index in 0..<count { row[index] /= 255 }
            normalise(row, mean: (0.485, 0.456, 0.406), deviation: (0.229, 0.224, 0.225))
        case .caffe:
            if channels == 3 { for column in 0..<width { swapColours(row + 3 * column) } }
            normalise(row, mean: (103.939, 116.779, 123.68), deviation: (1, 1, 1))
        }
    }

    private func swapColours(_ pixel: UnsafeMutablePointer<Float>) {
        (pixel[0], pixel[2]) = (pixel[2], pixel[0])
    }

    private func normalise(
        _ row: UnsafeMutablePointer<Float>, mean: (Float, Float, Float), deviation: (Float, Float, Float)
    ) {
        if channels == 1 {
            let (mean, deviation) = ((mean.0 + mean.1 + mean.2) / 3, (deviation.0 + deviation.1 + deviation.2) / 3)
            for column in 0..<width { row[column] = (row[column] - mean) / deviation }
        } else {
            for column in 0..<width {
                row[3 * column] = (row[3 * column] - mean.0) / deviation.0
                row[3 * column + 1] = (row[3 * column + 1] - mean.1) / deviation.1
                row[3 * column + 2] = (row[3 * column + 2] - mean.2) / deviation.2
            }
        }
    }
}
