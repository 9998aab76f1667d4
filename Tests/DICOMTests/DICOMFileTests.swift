import DICOM
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("DICOM file") struct DICOMFileTests {
    static let preamble = [UInt8](repeating: 0, count: 128) + Array("DICM".utf8)
    /// (0008,0060) CS "CT", explicit little endian.
    static let modality: [UInt8] = [0x08, 0x00, 0x60, 0x00, 0x43, 0x53, 0x02, 0x00, 0x43, 0x54]

    static func dataSet(_ bytes: [UInt8]) throws -> DataSet {
        try DataSet(bytes: Bytes(bytes), as: .explicitVRLittleEndian)
    }

    @Test(
        "Reads data sets without preamble, or without file meta",
        arguments: [
            modality, preamble + modality, Array("DICM".utf8) + modality,
            [0x08, 0x00, 0x60, 0x00, 0x02, 0x00, 0x00, 0x00, 0x43, 0x54],
            [0x00, 0x08, 0x00, 0x60, 0x43, 0x53, 0x00, 0x02, 0x43, 0x54],
        ])
    func bareDataSets(bytes: [UInt8]) throws {
        #expect(try DICOMFile(bytes: Bytes(bytes)).dataSet.string(.modality) == "CT")
    }

    @Test("Names the tag where a file is cut") func truncated() throws {
        let path = "/a/b.dcm"
        for cut in 1..<Self.modality.count {
            do {
                _ = try DICOMFile(
                    bytes: Bytes(Self.preamble + Self.modality + Self.modality.dropLast(cut)), path: path)
                Issue.record("read without \(cut) bytes")
            } catch let error as DICOMError {
                #expect(error.code == .truncated && error.tag == .modality)
                #expect(error.description.hasPrefix("/a/b.dcm (0008,0060): "))
            }
        }
    }

    @Test("Stops before the pixels, whatever stands there") func stops() throws {
        let cut: [UInt8] = Self.modality + [0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x57, 0, 0, 0xff, 0xff, 0, 0, 1]
        let options = ReadOptions(stopsBeforePixelData: true)
        let file = try DICOMFile(bytes: Bytes(Self.preamble + cut), options: options)
        #expect(file.dataSet.elements.map(\.tag) == [.modality])
        #expect(throws: DICOMError.self) { try DICOMFile(bytes: Bytes(Self.preamble + cut)) }
    }

    @Test("Reads implicit data in a file that claims another syntax") func mislabelled() throws {
        let original = DICOMFile(dataSet: DataSet([.text(.modality, "CT"), .int(.rows, 2)]))
        let implicit = try original.dataSet.serialized(as: .implicitVRLittleEndian)
        for syntax in [TransferSyntax.explicitVRLittleEndian, .explicitVRBigEndian, .jpegBaseline8Bit] {
            var bytes = try DICOMFile(dataSet: DataSet()).serialized(as: syntax)
            bytes += implicit
            let file = try DICOMFile(bytes: Bytes(bytes))
            #expect(file.dataSet.int(.rows) == 2)
            #expect(file.transferSyntax == (syntax.isEncapsulated ? syntax : .implicitVRLittleEndian))
        }
    }

    @Test("Takes an unknown VR's value, long or short") func unknownVR() throws {
        let long: [UInt8] = [0x08, 0x00, 0x60, 0x00, 0x5a, 0x5a, 0, 0, 2, 0, 0, 0, 0x43, 0x54]
        let short: [UInt8] = [0x08, 0x00, 0x60, 0x00, 0x5a, 0x5a, 2, 0, 0x43, 0x54]
        let unprintable: [UInt8] = [0x08, 0x00, 0x60, 0x00, 0x3f, 0x3f, 2, 0, 0x43, 0x54]
        for bytes in [long, short, unprintable] {
            let dataSet = try Self.dataSet(Self.modality + [0x08, 0, 0x61, 0, 0x43, 0x53, 0, 0] + bytes)
            #expect(dataSet[.modality]?.vr == .CS && dataSet.string(.modality) == "CT")
        }
    }

    @Test("Reads known attributes of VR UN by the dictionary") func unknown() throws {
        let item = DataSet([.text(.modality, "MR")])
        let content = try DataSet([.sequence(.voiLUTSequence, [item])]).serialized(as: .implicitVRLittleEndian)
        let sequence = Element(.voiLUTSequence, .UN, .bytes(Bytes(content.dropFirst(8))))
        let broken = Element(.modalityLUTSequence, .UN, .bytes(Bytes([1, 2, 3, 4] as [UInt8])))
        let rows = Element(.rows, .UN, .bytes(Bytes([2, 0] as [UInt8])))
        let bytes = try DataSet([rows, broken, sequence]).serialized(as: .explicitVRLittleEndian)
        let dataSet = try Self.dataSet(bytes)
        #expect(dataSet.int(.rows) == 2)
        #expect(dataSet.items(.voiLUTSequence).first?.string(.modality) == "MR")
        #expect(dataSet[.modalityLUTSequence]?.vr == .UN)
    }

    @Test("Chooses between US and SS by PixelRepresentation", arguments: [0, 1])
    func ambiguous(representation: UInt16) throws {
        let padding = Element.uint16(.pixelPaddingValue, 0xfffe)
        let table = DataSet([.uint16(.lutDescriptor, 1, 0xffff, 16), .uint16(.lutData, 5)])
        let dataSet = DataSet([
            .uint16(.pixelRepresentation, representation), padding, .sequence(.modalityLUTSequence, [table]),
        ])
        let read = try DataSet(
            bytes: Bytes(dataSet.serialized(as: .implicitVRLittleEndian)), as: .implicitVRLittleEndian)
        #expect(read.int(.pixelPaddingValue) == (representation == 1 ? -2 : 0xfffe))
        let item = try #require(read.items(.modalityLUTSequence).first)
        #expect(item[.lutDescriptor]?.vr == (representation == 1 ? .SS : .US))
        #expect(item[.lutData]?.vr == .US)
    }

    @Test("The dump shows names and values, or hides the values") func dump() throws {
        let item = DataSet([.text(.modality, "MR\u{7}")])
        let file = DICOMFile(
            dataSet: DataSet([
                .text(.sopClassUID, "1.2.840.10008.5.1.4.1.1.2"), .text(.patientName, "Doe^Jane"),
                .sequence(.voiLUTSequence, [item]), .bytes(.pixelData, [UInt8](repeating: 7, count: 40)),
            ]))
        let text = file.dump()
        for part in ["(0010,0010) PN", "PatientName", "Doe^Jane", "CT Image Storage", "1 item", "MR·", "07 07 …"] {
            #expect(text.contains(part), "\(part)")
        }
        let hidden = file.dump(showsValues: false)
        #expect(hidden.contains("PatientName") && !hidden.contains("Doe") && !hidden.contains("07 07"))
        #expect(!hidden.contains("MR"))
    }
}
