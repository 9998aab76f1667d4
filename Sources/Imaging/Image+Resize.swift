public import LightboxCore

extension Image {
    /// Resizes for records and previews; samples are rounded half up and keep their type.
    public func resized(
        height: Int, width: Int, resampling: Preprocessing.Resampling = .bilinear
    ) -> Image {
        precondition(height > 0 && width > 0)
        guard height != self.height || width != self.width else { return self }
        let resized: Samples
        switch samples {
        case .uint8(let values): resized = .uint8(interpolated(values, height, width, resampling))
        case .uint16(let values): resized = .uint16(interpolated(values, height, width, resampling))
        }
        return Image(width: width, height: height, channels: channels, samples: resized)
    }

    private func interpolated<Sample: FixedWidthInteger>(
        _ values: [Sample], _ height: Int, _ width: Int, _ resampling: Preprocessing.Resampling
    ) -> [Sample] {
        let bilinear = Bilinear(of: self, height: height, width: width, resampling)
        let perRow = width * channels
        return [Sample](unsafeUninitializedCapacity: height * perRow) { output, filled in
            values.withUnsafeBufferPointer { values in
                bilinear.forEachRow(
                    values.baseAddress!, inputWidth: self.width, stride: channels, channels: channels
                ) { row, line in
                    for index in 0..<perRow { output[row * perRow + index] = Sample(line[index] + 0.5) }
                }
            }
            filled = height * perRow
        }
    }

    /// This image with 1 or 3 channels, 8 bits: grey repeated, colour to luma, opacity dropped.
    ///
    /// The luma is TensorFlow's `rgb_to_grayscale`, rounded half up; 16-bit samples are brought to 0...255.
    public func converted(toChannels wanted: Int) -> Image {
        precondition([1, 3].contains(wanted))
        let settings = Preprocessing(height: height, width: width, channels: wanted, scaling: .none)
        let values = settings.apply(to: self).values
        return Image(
            width: width, height: height, channels: wanted, samples: .uint8(values.map { UInt8($0 + 0.5) }))
    }
}
