import DICOM
import DICOMPixels
import DICOMStore
import Imaging
import LightboxCore

/// The frames of one instance in the form that is wanted.
struct FrameSource: Sendable {
    private let file: DICOMFile
    private let image: DICOMImage
    private let form: FrameForm
    /// Of frames that are given as they are stored.
    private let syntax: TransferSyntax

    var count: Int { image.frameCount }

    init(_ file: DICOMFile, _ form: FrameForm) throws {
        self.file = file
        self.form = form
        image = try DICOMImage(file)
        // Uncompressed pixels are given little-endian, whatever the file's other attributes are written in.
        let isCompressed = image.frameCount > 0 && image.encodedFrame(0) != nil
        syntax = isCompressed ? file.transferSyntax : .explicitVRLittleEndian
    }

    /// The Content-Type of a frame.
    var contentType: String {
        switch form.content {
        case .decoded: "\(form.mediaType); transfer-syntax=\(TransferSyntax.explicitVRLittleEndian.uid)"
        case .stored: "\(form.mediaType); transfer-syntax=\(syntax.uid)"
        case .picture where form.mediaType == "image/jpeg":
            "image/jpeg; transfer-syntax=\(TransferSyntax.jpegBaseline8Bit.uid)"
        case .picture: form.mediaType
        }
    }

    /// - Parameter index: counted from 0.
    func frame(_ index: Int) throws -> Bytes {
        switch form.content {
        case .picture:
            let picture = try image.rendered(frame: index)
            return Bytes(
                form.mediaType == "image/png" ? PNG.encode(picture) : try JPEG.encode(picture, quality: 90))
        case .stored:
            if let encoded = image.encodedFrame(index) { return encoded }
            return try decoded(index)
        case .decoded: return try decoded(index)
        }
    }

    private func decoded(_ index: Int) throws -> Bytes {
        if let slice = nativeSlice(index) { return slice }
        let frame = try image.storedFrame(index)
        guard frame.description.bitsAllocated == 1 else { return frame.samples.withUnsafeBytes { Bytes($0) } }
        return frame.samples.withUnsafeBytes { Bytes(Self.packed($0)) }
    }

    /// Eight pixels a byte, the first in the lowest bit (PS3.5 section 8.1.1).
    private static func packed(_ samples: UnsafeRawBufferPointer) -> [UInt8] {
        var packed = [UInt8](repeating: 0, count: (samples.count + 7) / 8)
        for (index, sample) in samples.enumerated() { packed[index / 8] |= (sample & 1) << UInt8(index % 8) }
        return packed
    }

    /// Uncompressed frames are given as they stand in the file, where they stand on whole bytes.
    private func nativeSlice(_ index: Int) -> Bytes? {
        let description = image.description
        guard case .bytes(let pixels)? = file.dataSet[description.content.tag]?.value,
            description.bitsAllocated >= 8,
            !(file.transferSyntax.isBigEndian && description.content == .integer && description.bitsAllocated > 8)
        else { return nil }
        var size = description.samplesPerFrame * description.bytesPerSample
        // Two pixels share their colour.
        if [.ybrFull422, .ybrPartial422].contains(description.photometricInterpretation) { size = size / 3 * 2 }
        let start = index * size
        guard start + size <= pixels.count else { return nil }
        return pixels[start..<start + size]
    }
}
