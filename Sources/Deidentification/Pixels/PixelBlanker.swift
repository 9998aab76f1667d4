import DICOM
import LightboxCore

/// Writes into native pixel data (PS3.5 section 8) without decoding it.
struct PixelBlanker {
    private let element: Element
    private let description: PixelDescription
    private let isBigEndian: Bool
    /// Bits of overlays that stand in the pixels' own words (retired; PS3.3-2004 C.9.2).
    private let overlayBits: UInt32

    /// - Throws: `DICOMError` when the pixels are not described, or compressed.
    init(_ file: DICOMFile) throws {
        guard let element = file.dataSet[.pixelData], case .bytes = element.value else {
            throw DICOMError(.unsupportedPixels, tag: .pixelData, "The pixels are compressed.")
        }
        self.element = element
        description = try PixelDescription(file.dataSet)
        isBigEndian = file.transferSyntax.isBigEndian
        overlayBits = Self.overlayBits(file.dataSet, description)
    }

    private var isSubsampled: Bool {
        description.photometricInterpretation == .ybrFull422
            || description.photometricInterpretation == .ybrPartial422
    }

    /// Bytes that all frames take; nil where two layouts are possible.
    var expectedLength: Int? {
        guard case .bytes(let bytes) = element.value else { return nil }
        let samples = description.samplesPerFrame * description.frames
        if description.bitsAllocated == 1 { return (samples + 7) / 8 }
        let whole = samples * description.bytesPerSample
        guard isSubsampled, bytes.count < whole else { return whole }
        return description.pixelsPerFrame * 2 * description.frames
    }

    // MARK: Regions

    /// - Throws: `DeidentificationError` when the value is too short for its frames.
    func blanked(_ masks: [PixelMask]) throws -> Element {
        guard case .bytes(let bytes) = element.value, let length = expectedLength, bytes.count >= length,
            !isSubsampled || description.columns % 2 == 0
        else {
            throw DeidentificationError(
                .undecodablePixels, tag: .pixelData,
                remedy: "The pixels are not laid out as rows and columns say, so no region of them can be blanked."
            )
        }
        var content = bytes.array
        for row in 0..<description.rows {
            for mask in masks {
                for range in mask.ranges(row: row, columns: description.columns) {
                    for frame in 0..<description.frames { blank(&content, frame, row, range, bytes.count) }
                }
            }
        }
        return Element(.pixelData, element.vr, .bytes(Bytes(content)))
    }

    private func blank(_ content: inout [UInt8], _ frame: Int, _ row: Int, _ range: Range<Int>, _ count: Int) {
        let first = row * description.columns
        if description.bitsAllocated == 1 {
            let value: UInt8 = description.photometricInterpretation == .monochrome1 ? 1 : 0
            for column in range {
                let bit = frame * description.pixelsPerFrame + first + column
                content[bit >> 3] = content[bit >> 3] & ~(1 << UInt8(bit & 7)) | value << UInt8(bit & 7)
            }
            return
        }
        if isSubsampled && count < description.samplesPerFrame * description.frames {
            // Y Y Cb Cr; a neighbour shares its colour, which becomes grey at the edge.
            let start = frame * description.pixelsPerFrame * 2
            for column in range {
                let pair = start + (first + column) / 2 * 4
                content[pair + (column & 1)] = 0
                content[pair + 2] = 128
                content[pair + 3] = 128
            }
            return
        }
        let samples = description.samplesPerPixel
        let frameStart = frame * description.samplesPerFrame
        for column in range {
            for sample in 0..<samples {
                let index =
                    description.isPlanar
                    ? sample * description.pixelsPerFrame + first + column : (first + column) * samples + sample
                write(black(sample), at: frameStart + index, &content)
            }
        }
    }

    /// What a display shows as black.
    private func black(_ sample: Int) -> UInt64 {
        let low = description.highBit + 1 - description.bitsStored
        let half = UInt64(1) << UInt64(description.bitsStored - 1)
        let value: UInt64 =
            switch description.photometricInterpretation {
            case .monochrome1: description.isSigned ? half - 1 : half | (half - 1)
            case .monochrome2: description.isSigned ? half : 0
            case .ybrFull, .ybrFull422, .ybrPartial422, .ybrPartial420, .ybrICT, .ybrRCT: sample == 0 ? 0 : half
            default: 0
            }
        return value << UInt64(max(0, low))
    }

    private func write(_ value: UInt64, at index: Int, _ content: inout [UInt8]) {
        let size = description.bytesPerSample
        // Eight-bit samples of big-endian words stand swapped in pairs.
        let isSwapped = isBigEndian && size == 1 && element.vr == .OW
        for byte in 0..<size {
            let place = isSwapped ? index ^ 1 : index * size + (isBigEndian ? size - 1 - byte : byte)
            if place < content.count { content[place] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)) }
        }
    }

    // MARK: Overlay bits

    private static func overlayBits(_ dataSet: DataSet, _ description: PixelDescription) -> UInt32 {
        let low = description.highBit + 1 - description.bitsStored
        var bits: UInt32 = 0
        for element in dataSet.elements
        where element.tag.group & 0xff01 == 0x6000 && element.tag.element == 0x0102 {
            guard let position = dataSet.int(element.tag), (0..<description.bitsAllocated).contains(position),
                !(low...description.highBit).contains(position), dataSet[Tag(element.tag.group, 0x3000)] == nil
            else { continue }
            bits |= 1 << UInt32(position)
        }
        return bits
    }

    /// The same pixels with the bits of overlays cleared; nil when there are none.
    func withoutOverlayBits(_ bytes: Bytes) -> Bytes? {
        let size = description.bytesPerSample
        guard overlayBits != 0, size <= 4 else { return nil }
        var content = bytes.array
        let mask = (0..<size).map { byte in
            ~UInt8(truncatingIfNeeded: overlayBits >> UInt32(8 * (isBigEndian ? size - 1 - byte : byte)))
        }
        for index in content.indices { content[index] &= mask[index % size] }
        return Bytes(content)
    }
}
