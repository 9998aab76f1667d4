import DICOM
import DICOMPixels
import DICOMStore
import Foundation
import LightboxCore

/// An instance in a file that can be sent.
struct OutgoingInstance: Sendable, Hashable {
    let path: String
    let sopClass: String
    let sopInstance: String
    let transferSyntax: String

    init(_ instance: StoredInstance) {
        path = instance.path
        sopClass = instance.record.instance.sopClassUID ?? ""
        sopInstance = instance.record.instance.sopInstanceUID
        transferSyntax = instance.record.instance.transferSyntaxUID
    }

    /// Reads what the file is.
    ///
    /// - Throws: ``DICOM/DICOMError`` when it is no instance.
    init(path: String) throws {
        let file = try DICOMFile(path: path, options: ReadOptions(stopsBeforePixelData: true))
        guard let sopClass = file.dataSet.string(.sopClassUID), isUsable(uid: sopClass) else {
            throw DICOMError(
                .missingAttribute, file: path, tag: .sopClassUID, "Without a SOP class it cannot be sent.")
        }
        guard let sopInstance = file.dataSet.string(.sopInstanceUID), isUsable(uid: sopInstance) else {
            throw DICOMError(
                .missingAttribute, file: path, tag: .sopInstanceUID, "Without a UID it cannot be sent.")
        }
        self.path = path
        self.sopClass = sopClass
        self.sopInstance = sopInstance
        transferSyntax = file.transferSyntax.uid
    }

    /// What an instance can be written as when the other side does not take it as it is.
    static let fallbacks = [TransferSyntax.explicitVRLittleEndian.uid, TransferSyntax.implicitVRLittleEndian.uid]

    /// The data set as a message carries it.
    ///
    /// - Returns: the file's own bytes when `syntax` is the file's, so that nothing is changed and nothing copied.
    /// - Throws: ``DICOM/DICOMError`` when its pixels cannot be decoded.
    func dataSet(as syntax: String) throws -> Bytes {
        if syntax == transferSyntax, let bytes = try bytesAsStored() { return bytes }
        var file = try DICOMFile(path: path)
        guard let target = TransferSyntax(uid: syntax) else {
            throw DICOMError(
                .unsupportedTransferSyntax, file: path, "It cannot be written in the agreed encoding.")
        }
        if case .fragments? = file.dataSet[.pixelData]?.value, target != file.transferSyntax {
            file = try Self.decoded(file)
        }
        // Native pixels of another byte order are turned around by the file's own writer.
        let whole = try file.serialized(as: target)
        return try Self.content(of: Bytes(whole), as: target.uid, in: path)
    }

    private func bytesAsStored() throws -> Bytes? {
        try? Self.content(of: Bytes(MappedFile(path: path)), as: transferSyntax, in: path)
    }

    /// What stands behind the file meta information.
    ///
    /// - Throws: ``DICOM/DICOMError`` when the bytes do not begin as a file should, or its encoding is another one.
    private static func content(of bytes: Bytes, as syntax: String, in path: String) throws -> Bytes {
        let broken = DICOMError(.corrupt, file: path, "The file meta information is not as it should be.")
        guard bytes.count > 144, bytes[128..<132] == Bytes("DICM".utf8),
            bytes[132..<140] == Bytes([2, 0, 0, 0, 0x55, 0x4c, 4, 0] as [UInt8])
        else { throw broken }
        let length = (0..<4).reduce(0) { $0 | Int(bytes[140 + $1]) << (8 * $1) }
        guard length <= bytes.count - 144 else { throw broken }
        let content = bytes[144 + length..<bytes.count]
        let known = TransferSyntax(uid: syntax)
        let isDeflated = known?.isDeflated ?? false
        if !isDeflated && content.count >= 6 {
            let hasVR = VR(content[4], content[5]) != nil
            guard hasVR == (known?.isExplicit ?? true) else { throw broken }
        }
        return content
    }

    /// The file with its pixels decoded.
    private static func decoded(_ file: DICOMFile) throws -> DICOMFile {
        let image = try DICOMImage(file)
        var pixels: [UInt8] = []
        var description = image.description
        for index in 0..<image.frameCount {
            let frame = try image.storedFrame(index)
            if index == 0 {
                description = frame.description
                let size = frame.samples.withUnsafeBytes { $0.count }
                guard size * image.frameCount < Int(UInt32.max) - 1 else {
                    throw DICOMError(.tooLarge, file: file.path, tag: .pixelData, "Decoded pixels end below 4 GB.")
                }
                pixels.reserveCapacity(size * image.frameCount + 1)
            }
            frame.samples.withUnsafeBytes { pixels.append(contentsOf: $0) }
        }
        var data = file.dataSet
        data[.pixelData] = .bytes(.pixelData, pixels, vr: description.bitsAllocated > 8 ? .OW : .OB)
        data[.photometricInterpretation] = .text(
            .photometricInterpretation, description.photometricInterpretation.rawValue)
        if description.samplesPerPixel > 1 { data[.planarConfiguration] = .int(.planarConfiguration, 0) }
        // Tables of offsets into fragments that are no more.
        for table in [Tag(0x7fe0, 0x0001), Tag(0x7fe0, 0x0002)] { data[table] = nil }
        return DICOMFile(
            fileMeta: file.fileMeta, dataSet: data, transferSyntax: .explicitVRLittleEndian, path: file.path)
    }
}
