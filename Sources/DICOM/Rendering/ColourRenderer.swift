import LightboxCore

/// Colour frames to RGB of 8 bits.
struct ColourRenderer {
    private let frame: StoredFrame

    init(_ frame: StoredFrame) { self.frame = frame }

    func render() throws -> [UInt8] {
        let samples = try eightBit()
        switch frame.description.photometricInterpretation {
        case .rgb, .ybrRCT, .ybrICT: return samples
        case .ybrFull, .ybrFull422: return converted(samples, Self.fullRange)
        case .ybrPartial422, .ybrPartial420: return converted(samples, Self.partialRange)
        case let other:
            throw DICOMError(
                .unsupportedPixels, tag: .photometricInterpretation,
                "Images in \(other) are not rendered; their stored values can be read.")
        }
    }

    /// Scaled from the stored bits, rounded.
    private func eightBit() throws -> [UInt8] {
        switch frame.samples {
        case .uint8(let values) where frame.description.bitsStored == 8: return values
        case .uint8(let values): return scaled(values)
        case .uint16(let values): return scaled(values)
        case .uint32(let values): return scaled(values)
        default:
            throw DICOMError(
                .unsupportedPixels, tag: .pixelRepresentation, "Colours with negative values are not rendered.")
        }
    }

    private func scaled<S: FixedWidthInteger>(_ values: [S]) -> [UInt8] {
        let factor = 255 / (Double(sign: .plus, exponent: frame.description.bitsStored, significand: 1) - 1)
        return values.map { UInt8(min(Double($0) * factor + 0.5, 255)) }
    }

    /// Y'CbCr to R'G'B': how much of luma and of each chroma goes into each colour.
    struct Matrix {
        var blackLevel: Float
        var luma, redOfCr, greenOfCb, greenOfCr, blueOfCb: Float
    }

    // PS3.3 C.7.6.3.1.2: ITU-R BT.601, luma weights 0.299, 0.587, 0.114.
    static let fullRange = Matrix(
        blackLevel: 0, luma: 1, redOfCr: 1.402, greenOfCb: -0.114 * 1.772 / 0.587,
        greenOfCr: -0.299 * 1.402 / 0.587, blueOfCb: 1.772)
    // Luma 16...235, chroma 16...240.
    static let partialRange = Matrix(
        blackLevel: 16, luma: 255 / 219, redOfCr: 1.402 * 255 / 224, greenOfCb: -0.114 * 1.772 / 0.587 * 255 / 224,
        greenOfCr: -0.299 * 1.402 / 0.587 * 255 / 224, blueOfCb: 1.772 * 255 / 224)

    private func converted(_ samples: [UInt8], _ matrix: Matrix) -> [UInt8] {
        samples.withUnsafeBufferPointer { samples in
            [UInt8](unsafeUninitializedCapacity: samples.count) { pixels, filled in
                for start in stride(from: 0, to: samples.count - 2, by: 3) {
                    let y = (Float(samples[start]) - matrix.blackLevel) * matrix.luma
                    let cb = Float(samples[start + 1]) - 128
                    let cr = Float(samples[start + 2]) - 128
                    pixels[start] = clamped(y + matrix.redOfCr * cr)
                    pixels[start + 1] = clamped(y + matrix.greenOfCb * cb + matrix.greenOfCr * cr)
                    pixels[start + 2] = clamped(y + matrix.blueOfCb * cb)
                }
                filled = samples.count
            }
        }
    }

    @inline(__always)
    private func clamped(_ value: Float) -> UInt8 { UInt8(max(0, min(255, value + 0.5))) }
}
