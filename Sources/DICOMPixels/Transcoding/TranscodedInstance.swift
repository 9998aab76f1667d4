package import DICOM
import LightboxCore

/// An instance in another transfer syntax than its file's, made piece by piece: only one frame is in memory.
package struct TranscodedInstance {
    /// Preamble and file meta information.
    private let head: Bytes
    /// What stands behind them.
    package let dataSet: [Piece]

    /// The file in the new syntax, in order.
    package var pieces: [Piece] { [.bytes(head)] + dataSet }
    package var count: Int { pieces.reduce(0) { $0 + $1.count } }

    /// Syntaxes without compression, which any instance that can be decoded can be given in.
    package static let targets: [TransferSyntax] = [.explicitVRLittleEndian, .implicitVRLittleEndian]

    /// Whether an instance in one syntax can be given in another, as far as their names tell.
    package static func isPossible(from source: String, to target: TransferSyntax) -> Bool {
        source == target.uid || (targets.contains(target) && TransferSyntax(uid: source) != nil)
    }

    /// Reads the file, and decodes its first frame where frames are compressed, so that what cannot be decoded shows
    /// before the first byte is sent.
    ///
    /// - Parameter syntax: one of ``targets``.
    /// - Throws: ``DICOM/DICOMError``.
    package init(path: String, as syntax: TransferSyntax) throws {
        let mapped = try MappedFile(path: path)
        let bytes = Bytes(mapped)
        let file = try DICOMFile(bytes: bytes, path: path)
        guard case .fragments? = file.dataSet[.pixelData]?.value else {
            self = try Self.native(file, syntax, releasing: mapped, of: bytes.count)
            return
        }
        let image = try DICOMImage(file)
        let first = try image.storedFrame(0)
        guard first.description.bitsAllocated >= 8 else {
            throw DICOMError(
                .unsupportedPixels, tag: .bitsAllocated, "Compressed single bits are not decoded here.")
        }
        let size = first.description.samplesPerFrame * first.description.bytesPerSample
        let (whole, overflow) = size.multipliedReportingOverflow(by: image.frameCount)
        guard !overflow, whole < Int(UInt32.max) - 1 else {
            throw DICOMError(
                .tooLarge, tag: .pixelData, "Decoded pixels end below 4 GB. Take them as they are stored.")
        }
        var data = file.dataSet
        data.describe(first.description)
        let frames = (0..<image.frameCount).map { index in
            Piece.made(count: size) {
                let frame = index == 0 ? first : try image.storedFrame(index)
                let bytes = frame.samples.withUnsafeBytes { Bytes($0) }
                guard bytes.count == size else {
                    throw DICOMError(.undecodablePixels, tag: .pixelData, "Frames are of different sizes.")
                }
                return bytes
            }
        }
        let vr = first.description.bitsAllocated > 8 ? VR.OW : .OB
        try self.init(file, data, vr, whole, frames, syntax)
    }

    /// Another encoding of attributes whose pixels stay as they are, but for their byte order.
    private static func native(
        _ file: DICOMFile, _ syntax: TransferSyntax, releasing mapped: MappedFile, of size: Int
    ) throws -> TranscodedInstance {
        guard let element = file.dataSet[.pixelData], case .bytes(let pixels) = element.value,
            !file.transferSyntax.isBigEndian, pixels.count < Int(UInt32.max) - 1
        else {
            return TranscodedInstance(Bytes(try file.serialized(as: syntax)), [])
        }
        // In pieces, so that the pages of a large file can be given back.
        let step = 4 << 20
        let slices = stride(from: 0, to: pixels.count, by: step).map { start in
            Piece.made(count: min(step, pixels.count - start)) {
                let slice = Bytes(pixels[start..<min(start + step, pixels.count)].array)
                mapped.release(0..<size)
                return slice
            }
        }
        let vr = element.vr == .OB || element.vr == .OW ? element.vr : .OW
        return try TranscodedInstance(file, file.dataSet, vr, pixels.count, slices, syntax)
    }

    private init(
        _ file: DICOMFile, _ data: DataSet, _ vr: VR, _ count: Int, _ pixels: [Piece], _ syntax: TransferSyntax
    ) throws {
        var before = file
        before.dataSet = DataSet(data.elements.filter { $0.tag < .pixelData })
        // The syntax claims compressed pixels, which are not in this part.
        before.transferSyntax = .explicitVRLittleEndian
        let after = DataSet(data.elements.filter { $0.tag > .pixelData })
        let padding: [UInt8] = count & 1 == 1 ? [0] : []
        let start = try before.serialized(as: syntax) + Self.header(vr, UInt32(count + padding.count), syntax)
        let tail = padding + (try after.serialized(as: syntax, path: file.path))
        self.init(Bytes(start), pixels + [.bytes(Bytes(tail))])
    }

    /// - Parameter start: of the file, and more than its meta information, whose length stands in front of it
    ///   (PS3.10 section 7.1).
    private init(_ start: Bytes, _ rest: [Piece]) {
        let length = (0..<4).reduce(0) { $0 | Int(start[140 + $1]) << (8 * $1) }
        head = start[0..<144 + length]
        dataSet = [.bytes(start[144 + length..<start.count])] + rest
    }

    /// Tag, VR and length of the pixel data (PS3.5 section 7.1).
    private static func header(_ vr: VR, _ length: UInt32, _ syntax: TransferSyntax) -> [UInt8] {
        let tag: [UInt8] = [0xe0, 0x7f, 0x10, 0x00]
        let letters: [UInt8] =
            syntax.isExplicit ? [UInt8(vr.rawValue >> 8), UInt8(vr.rawValue & 0xff), 0, 0] : []
        return tag + letters + withUnsafeBytes(of: length.littleEndian) { Array($0) }
    }
}

extension DataSet {
    /// Makes the attributes say how decoded pixels are laid out.
    fileprivate mutating func describe(_ description: PixelDescription) {
        self[.photometricInterpretation] = .text(
            .photometricInterpretation, description.photometricInterpretation.rawValue)
        if description.samplesPerPixel > 1 { self[.planarConfiguration] = .int(.planarConfiguration, 0) }
        // Tables of offsets into fragments that are no more.
        for table in [Tag(0x7fe0, 0x0001), Tag(0x7fe0, 0x0002)] { self[table] = nil }
    }
}
