import DICOM
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("DICOM writing", .enabled(if: SampleFiles.hasPydicom, "\(SampleFiles.needsPydicom)"))
struct WritingTests {
    /// Every sample file that Lightbox reads whole, with its row in the table of references.
    static func files() throws -> [(name: String, file: DICOMFile)] {
        try SampleFiles.rows("json.csv").compactMap { row in
            guard let path = SampleFiles.path(row[0]), let file = try? DICOMFile(path: path) else { return nil }
            return (row[0], file)
        }
    }

    @Test("What is written reads the same") func sameSyntax() throws {
        for (name, file) in try Self.files() {
            let bytes = try file.serialized()
            let again = try DICOMFile(bytes: Bytes(bytes))
            #expect(difference(file.dataSet, again.dataSet) == nil, "\(name)")
            #expect(bytes.count % 2 == 0)
            #expect(try again.serialized() == bytes, "\(name)")
        }
    }

    @Test(
        "Native pixels can change syntax and come back",
        arguments: [TransferSyntax.explicitVRLittleEndian, .explicitVRBigEndian, .deflatedExplicitVRLittleEndian])
    func otherSyntax(syntax: TransferSyntax) throws {
        for (name, file) in try Self.files() where !file.transferSyntax.isEncapsulated {
            let other = try DICOMFile(bytes: Bytes(file.serialized(as: syntax)))
            #expect(other.transferSyntax == syntax)
            let back = try DICOMFile(bytes: Bytes(other.serialized(as: .explicitVRLittleEndian)))
            let direct = try DICOMFile(bytes: Bytes(file.serialized(as: .explicitVRLittleEndian)))
            #expect(difference(direct.dataSet, back.dataSet) == nil, "\(name)")
        }
    }

    @Test("Standard attributes survive implicit encoding") func implicit() throws {
        let path = SampleFiles.pydicom("test_files/MR_small_implicit.dcm")
        let file = try DICOMFile(path: path)
        let explicit = try DICOMFile(bytes: Bytes(file.serialized(as: .explicitVRLittleEndian)))
        let implicit = try DICOMFile(bytes: Bytes(explicit.serialized(as: .implicitVRLittleEndian)))
        #expect(difference(file.dataSet, implicit.dataSet) == nil)
        let twin = try DICOMFile(path: SampleFiles.pydicom("test_files/MR_small_bigendian.dcm"))
        let turned = try DICOMFile(bytes: Bytes(twin.serialized(as: .explicitVRLittleEndian)))
        #expect(turned.dataSet.bytes(.pixelData) == file.dataSet.bytes(.pixelData))
    }

    /// `check_written.py` has read these very bytes with pydicom and found the original's values.
    @Test("Writes the bytes that pydicom was seen to read") func pydicomReadsThem() throws {
        let folder = ProcessInfo.processInfo.environment["LIGHTBOX_DUMP"]
        let expected = try Dictionary(
            SampleFiles.rows("written.csv").map { ($0[0] + $0[1], $0[2]) }, uniquingKeysWith: { $1 })
        // A private value of odd length, which gains a byte; pixel data that pydicom does not read.
        let leftOut: Set = [
            "meta_missing_tsyntax.dcm", "nested_priv_SQ.dcm", "emri_small_jpeg_2k_lossless_too_short.dcm",
        ]
        for (name, file) in try Self.files() where !leftOut.contains((name as NSString).lastPathComponent) {
            var syntaxes = [file.transferSyntax]
            if !file.transferSyntax.isEncapsulated { syntaxes += [.explicitVRLittleEndian, .explicitVRBigEndian] }
            for syntax in Set(syntaxes) where !syntax.isDeflated {
                guard let bytes = try? file.serialized(as: syntax) else { continue }
                if let folder { try store(bytes, folder, name, syntax) }
                #expect(expected[name + syntax.uid] == ContentHash(of: bytes).description, "\(name) \(syntax)")
            }
        }
    }

    private func store(_ bytes: [UInt8], _ folder: String, _ name: String, _ syntax: TransferSyntax) throws {
        let path = "\(folder)/\(syntax.uid)/\(name)"
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try AtomicFile.write(bytes, to: path)
    }

    @Test("Refuses to relabel compressed pixels") func compressed() throws {
        let file = try DICOMFile(path: SampleFiles.pydicom("test_files/MR_small_RLE.dcm"))
        #expect { try file.serialized(as: .explicitVRLittleEndian) } throws: { error in
            (error as? DICOMError)?.code == .unsupportedTransferSyntax
        }
    }
}
