/// One decoded frame: the values as stored, before any modality or display transform.
public struct StoredFrame: Sendable {
    /// Rows from the top, samples of a pixel side by side, in the smallest type that the file's allocation needs.
    public enum Samples: Sendable, Equatable {
        case uint8([UInt8])
        case int8([Int8])
        case uint16([UInt16])
        case int16([Int16])
        case uint32([UInt32])
        case int32([Int32])
        case float32([Float])
        case float64([Double])
    }

    /// With the photometric interpretation of these samples, which decoding may have changed: expanded
    /// YBR_FULL_422 is YBR_FULL, and JPEG 2000 hands out RGB for YBR_RCT and YBR_ICT.
    public let description: PixelDescription
    public let samples: Samples

    /// - Precondition: as many samples as the description says.
    package init(description: PixelDescription, samples: Samples) {
        precondition(samples.count == description.samplesPerFrame)
        self.description = description
        self.samples = samples
    }
}

extension StoredFrame.Samples {
    public var count: Int {
        switch self {
        case .uint8(let values): values.count
        case .int8(let values): values.count
        case .uint16(let values): values.count
        case .int16(let values): values.count
        case .uint32(let values): values.count
        case .int32(let values): values.count
        case .float32(let values): values.count
        case .float64(let values): values.count
        }
    }

    /// All samples as `Double`, which holds each of them exactly.
    public var doubles: [Double] {
        switch self {
        case .uint8(let values): values.map(Double.init)
        case .int8(let values): values.map(Double.init)
        case .uint16(let values): values.map(Double.init)
        case .int16(let values): values.map(Double.init)
        case .uint32(let values): values.map(Double.init)
        case .int32(let values): values.map(Double.init)
        case .float32(let values): values.map(Double.init)
        case .float64(let values): values
        }
    }

    /// The samples' memory; the pointer is good only inside `body`.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        switch self {
        case .uint8(let values): try values.withUnsafeBytes(body)
        case .int8(let values): try values.withUnsafeBytes(body)
        case .uint16(let values): try values.withUnsafeBytes(body)
        case .int16(let values): try values.withUnsafeBytes(body)
        case .uint32(let values): try values.withUnsafeBytes(body)
        case .int32(let values): try values.withUnsafeBytes(body)
        case .float32(let values): try values.withUnsafeBytes(body)
        case .float64(let values): try values.withUnsafeBytes(body)
        }
    }
}
