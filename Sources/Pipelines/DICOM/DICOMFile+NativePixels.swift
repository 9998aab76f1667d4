import DICOM
import DICOMPixels
import LightboxCore

extension DICOMFile {
    /// The same file with its compressed pixels decoded, as explicit little endian; itself when they are native.
    ///
    /// - Throws: `DICOMError` when a frame cannot be decoded.
    func withNativePixels() throws -> DICOMFile {
        guard let element = dataSet[.pixelData], case .fragments = element.value else { return self }
        let image = try DICOMImage(self)
        var content: [UInt8] = []
        var decoded = image.description
        for index in 0..<image.frameCount {
            let frame = try image.storedFrame(index)
            decoded = frame.description
            frame.samples.withUnsafeBytes { content.append(contentsOf: $0) }
        }
        guard decoded.bitsAllocated != 1 else {
            throw DICOMError(
                .unsupportedPixels, tag: .pixelData, "Compressed bitmaps are not written as native pixels.")
        }
        var file = self
        file.transferSyntax = .explicitVRLittleEndian
        file.dataSet[.pixelData] = .bytes(.pixelData, content, vr: decoded.bitsAllocated > 8 ? .OW : .OB)
        file.dataSet[.photometricInterpretation] = .text(
            .photometricInterpretation, decoded.photometricInterpretation.rawValue)
        file.dataSet[.highBit] = .uint16(.highBit, UInt16(decoded.bitsStored - 1))
        if decoded.samplesPerPixel > 1 { file.dataSet[.planarConfiguration] = .uint16(.planarConfiguration, 0) }
        // Offsets of frames that are no longer there.
        for offsets in [Tag(0x7fe0, 0x0001), Tag(0x7fe0, 0x0002)] { file.dataSet[offsets] = nil }
        return file
    }
}
