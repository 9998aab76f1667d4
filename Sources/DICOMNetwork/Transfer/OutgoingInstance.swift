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
    func dataSet(as syntax: String) throws -> [Piece] {
        if syntax == transferSyntax, let bytes = bytesAsStored { return [.bytes(bytes)] }
        let target = TransferSyntax(uid: syntax)
        guard let target, syntax == transferSyntax || TranscodedInstance.targets.contains(target) else {
            throw DICOMError(
                .unsupportedTransferSyntax, file: path, "It cannot be written in the agreed encoding.")
        }
        guard syntax == transferSyntax else {
            return try TranscodedInstance(path: path, as: target).dataSet.made(keeping: Self.mostInMemory)
        }
        let whole = try DICOMFile(path: path).serialized(as: target)
        return [.bytes(try Self.content(of: Bytes(whole), as: syntax, in: path))]
    }

    /// Bytes of decoded pixels; more are decoded twice.
    private static let mostInMemory = 64 << 20

    private var bytesAsStored: Bytes? {
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
}
