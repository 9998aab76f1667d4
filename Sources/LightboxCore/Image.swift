/// A picture in memory: display values, rows from the top, channels interleaved.
///
/// Sample `(row, column, channel)` stands at `(row * width + column) * channels + channel`. Values are
/// display values over the whole range of their type, not Hounsfield units.
public struct Image: Sendable, Equatable {
    /// The samples, 0...255 or 0...65535.
    public enum Samples: Sendable, Equatable {
        case uint8([UInt8])
        case uint16([UInt16])

        public var count: Int {
            switch self {
            case .uint8(let values): values.count
            case .uint16(let values): values.count
            }
        }
    }

    public let width: Int
    public let height: Int
    /// 1 for grey, 3 for RGB, 4 for RGB with opacity.
    public let channels: Int
    public let samples: Samples

    /// - Precondition: `samples.count == width * height * channels`, all of them positive.
    public init(width: Int, height: Int, channels: Int, samples: Samples) {
        precondition(width > 0 && height > 0 && [1, 3, 4].contains(channels))
        precondition(samples.count == width * height * channels)
        self.width = width
        self.height = height
        self.channels = channels
        self.samples = samples
    }

    /// 8 or 16.
    public var bitsPerSample: Int {
        switch samples {
        case .uint8: 8
        case .uint16: 16
        }
    }
}
