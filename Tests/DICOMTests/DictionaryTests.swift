import DICOM
import Testing

@Suite("DICOM dictionary") struct DictionaryTests {
    @Test("Knows the standard's attributes") func attributes() throws {
        let name = try #require(DICOMDictionary.entry(for: .patientName))
        #expect(name.keyword == "PatientName" && name.name == "Patient's Name")
        #expect(name.vrs == [.PN] && name.multiplicity == "1" && !name.isRetired)
        #expect(DICOMDictionary.entry(for: .pixelData)?.vrs == [.OW, .OB])
        #expect(DICOMDictionary.entry(for: .smallestImagePixelValue)?.vrs == [.US, .SS])
        #expect(DICOMDictionary.entry(for: Tag(0x0000, 0x0000))?.keyword == "CommandGroupLength")
        #expect(DICOMDictionary.entry(for: Tag(0x0008, 0x0001))?.isRetired == true)
        #expect(DICOMDictionary.entry(for: Tag(0x0009, 0x0001)) == nil)
        #expect(DICOMDictionary.entry(for: Tag(0x0008, 0xffff)) == nil)
    }

    @Test("Finds every keyword's tag, and back") func keywords() {
        #expect(DICOMDictionary.tag(forKeyword: "StudyInstanceUID") == .studyInstanceUID)
        #expect(DICOMDictionary.tag(forKeyword: "patientname") == nil)
        for keyword in ["Rows", "WindowCenter", "ModalityLUTSequence", "FileMetaInformationVersion"] {
            let tag = DICOMDictionary.tag(forKeyword: keyword)
            #expect(tag.flatMap(DICOMDictionary.entry)?.keyword == keyword)
        }
    }

    @Test(
        "Knows repeating groups",
        arguments: [
            (DICOM.Tag(0x6000, 0x3000), "OverlayData"), (DICOM.Tag(0x601e, 0x0010), "OverlayRows"),
            (DICOM.Tag(0x5004, 0x3000), "CurveData"), (DICOM.Tag(0x0020, 0x3102), "SourceImageIDs"),
        ])
    func repeating(tag: DICOM.Tag, keyword: String) {
        #expect(DICOMDictionary.entry(for: tag)?.keyword == keyword)
        #expect(DICOMDictionary.entry(for: tag)?.tag == tag)
    }

    @Test("Private creators are LO, other private attributes unknown") func privateTags() {
        #expect(DICOMDictionary.vr(of: Tag(0x0009, 0x0010)) == .LO)
        #expect(DICOMDictionary.vr(of: Tag(0x0009, 0x1010)) == nil)
    }

    @Test("Names UIDs") func uids() {
        #expect(UIDNames.name(of: "1.2.840.10008.5.1.4.1.1.2") == "CT Image Storage")
        #expect(UIDNames.entry(for: "1.2.840.10008.1.2.2")?.isRetired == true)
        #expect(UIDNames.entry(for: "1.2.840.10008.1.2.4.50")?.kind == "Transfer Syntax")
        #expect(UIDNames.name(of: "1.2.3") == nil)
        // The dictionary is older than this one syntax.
        for syntax in TransferSyntax.all where syntax != .deflatedImageFrame {
            #expect(UIDNames.entry(for: syntax.uid) != nil, "\(syntax)")
        }
    }
}
