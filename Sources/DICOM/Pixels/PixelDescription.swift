/// The Image Pixel module of a data set (PS3.3 C.7.6.3): how its frames are laid out.
///
/// A value that exists has been checked: sizes are positive, bits fit, and the frames stay within the limits.
public struct PixelDescription: Sendable, Hashable {
    /// Which of the three pixel attributes holds the frames.
    public enum Content: Sendable, Hashable {
        case integer, float32, float64

        /// The attribute: PixelData, FloatPixelData or DoubleFloatPixelData.
        public var tag: Tag {
            switch self {
            case .integer: .pixelData
            case .float32: .floatPixelData
            case .float64: .doubleFloatPixelData
            }
        }
    }

    public internal(set) var content: Content
    /// Pixels, 1...65535.
    public let rows: Int
    /// Pixels, 1...65535.
    public let columns: Int
    /// 1, 3 or 4.
    public let samplesPerPixel: Int
    /// Of the frames as they are handed out: decoding may change what the file states.
    public package(set) var photometricInterpretation: PhotometricInterpretation
    /// 1, 8, 16 or 32; 64 for double precision.
    public let bitsAllocated: Int
    /// 1...bitsAllocated.
    public let bitsStored: Int
    /// The position of the most significant stored bit, counted from 0.
    public let highBit: Int
    /// PixelRepresentation 1: two's complement.
    public let isSigned: Bool
    /// PlanarConfiguration 1 in the file: all red, then all green, then all blue.
    public internal(set) var isPlanar: Bool
    /// At least 1.
    public internal(set) var frames: Int

    public var pixelsPerFrame: Int { rows * columns }
    /// Samples of one decoded frame.
    public var samplesPerFrame: Int { pixelsPerFrame * samplesPerPixel }
    /// Bytes that one decoded sample takes: 1, 2, 4 or 8.
    public var bytesPerSample: Int { max(1, bitsAllocated / 8) }

    /// The same for one frame alone.
    package var ofSingleFrame: PixelDescription {
        var single = self
        single.frames = 1
        return single
    }
}

extension PixelDescription {
    /// Reads and checks the module.
    ///
    /// - Throws: ``DICOMError`` naming the attribute that is missing, contradictory or over the limits.
    public init(_ dataSet: DataSet, limits: PixelLimits = .standard) throws {
        content = try Self.content(of: dataSet)
        rows = try dataSet.required(.rows, in: 1...65535)
        columns = try dataSet.required(.columns, in: 1...65535)
        // Retired ACR-NEMA images have neither; they are grey.
        samplesPerPixel = try dataSet.optional(.samplesPerPixel, in: 1...4) ?? 1
        photometricInterpretation = try Self.photometricInterpretation(of: dataSet, samples: samplesPerPixel)
        bitsAllocated = try dataSet.required(.bitsAllocated, in: 1...64)
        let isFloat = content != .integer
        bitsStored = isFloat ? bitsAllocated : try dataSet.optional(.bitsStored, in: 1...64) ?? bitsAllocated
        let statedHighBit = isFloat ? nil : dataSet.int(.highBit)
        isSigned = try dataSet.optional(.pixelRepresentation, in: 0...1) == 1
        isPlanar = try samplesPerPixel > 1 && dataSet.optional(.planarConfiguration, in: 0...1) == 1
        // Absent, empty or unreadable counts are those of single-frame images.
        frames = max(1, dataSet.int(.numberOfFrames) ?? 1)
        let usable = bitsStored - 1..<max(bitsStored, bitsAllocated)
        highBit = statedHighBit.flatMap { usable.contains($0) ? $0 : nil } ?? bitsStored - 1
        try checkBits()
        try checkSize(limits)
    }

    private static func content(of dataSet: DataSet) throws -> Content {
        let present = [Content.integer, .float32, .float64].filter { dataSet[$0.tag] != nil }
        guard let content = present.first else {
            throw DICOMError(.missingAttribute, tag: .pixelData, "This object holds no pixels.")
        }
        guard present.count == 1 else {
            throw DICOMError(.invalidAttribute, tag: content.tag, "More than one kind of pixel data is present.")
        }
        return content
    }

    private static func photometricInterpretation(
        of dataSet: DataSet, samples: Int
    ) throws -> PhotometricInterpretation {
        let tag = Tag.photometricInterpretation
        guard let term = dataSet.string(tag)?.uppercased(), !term.isEmpty else {
            if samples == 1 { return .monochrome2 }
            throw DICOMError(.missingAttribute, tag: tag, "The colours of this image are not described.")
        }
        guard let known = PhotometricInterpretation(rawValue: term) else {
            throw DICOMError(.unsupportedPixels, tag: tag, "This is not a colour model of the standard.")
        }
        guard known.samplesPerPixel == samples else {
            throw DICOMError(
                .invalidAttribute, tag: .samplesPerPixel,
                "\(known) has \(known.samplesPerPixel) samples per pixel.")
        }
        return known
    }

    private func checkBits() throws {
        let allowed = content == .integer ? [1, 8, 16, 32] : content == .float32 ? [32] : [64]
        guard allowed.contains(bitsAllocated), bitsAllocated > 1 || samplesPerPixel == 1 else {
            throw DICOMError(
                .unsupportedPixels, tag: .bitsAllocated,
                "Samples of this size are not read; supported are 1 (one sample per pixel), 8, 16 and 32 bits.")
        }
        guard bitsStored <= bitsAllocated else {
            throw DICOMError(.invalidAttribute, tag: .bitsStored, "More bits are stored than allocated.")
        }
    }

    private func checkSize(_ limits: PixelLimits) throws {
        let frame = samplesPerFrame * bytesPerSample
        guard frame <= limits.bytesPerFrame else {
            throw DICOMError(
                .tooLarge, tag: .rows,
                "One frame takes \(frame) bytes, over the limit of \(limits.bytesPerFrame). Raise the limit.")
        }
        let (all, overflow) = frame.multipliedReportingOverflow(by: frames)
        guard !overflow, all <= limits.bytesPerImage else {
            throw DICOMError(
                .tooLarge, tag: .numberOfFrames,
                "All frames together are over the limit of \(limits.bytesPerImage) bytes. Raise the limit.")
        }
    }
}

extension DataSet {
    fileprivate func optional(_ tag: Tag, in range: ClosedRange<Int>) throws -> Int? {
        guard let value = int(tag) else { return nil }
        guard range.contains(value) else {
            throw DICOMError(
                .invalidAttribute, tag: tag, "Must be \(range.lowerBound) to \(range.upperBound) for an image.")
        }
        return value
    }

    fileprivate func required(_ tag: Tag, in range: ClosedRange<Int>) throws -> Int {
        guard let value = try optional(tag, in: range) else {
            throw DICOMError(.missingAttribute, tag: tag, "An image needs this attribute.")
        }
        return value
    }
}
