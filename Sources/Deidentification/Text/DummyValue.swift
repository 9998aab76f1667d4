import DICOM
import LightboxCore

/// Values of each VR that say nothing (the action D of PS3.15).
enum DummyValue {
    static let text = "Removed"

    static func element(_ tag: Tag, _ vr: VR) -> Element {
        switch vr {
        case .AE, .CS: .text(tag, "REMOVED", vr: vr)
        case .AS: .text(tag, "000Y", vr: vr)
        case .DA: .text(tag, "19000101", vr: vr)
        case .DT: .text(tag, "19000101000000", vr: vr)
        case .TM: .text(tag, "000000", vr: vr)
        case .DS, .IS: .text(tag, "0", vr: vr)
        case .UR: .text(tag, "urn:removed", vr: vr)
        case .LO, .LT, .PN, .SH, .ST, .UC, .UT: .text(tag, text, vr: vr)
        case .UI: .text(tag, "2.25.0", vr: vr)
        case .SQ: .sequence(tag, [])
        case .AT, .FD, .FL, .SL, .SS, .SV, .UL, .US, .UV:
            Element(
                tag, vr,
                .bytes(Bytes([UInt8](repeating: 0, count: vr.wordSize == 2 && vr == .AT ? 4 : vr.wordSize))))
        case .OB, .OD, .OF, .OL, .OV, .OW, .UN:
            Element(tag, vr, .bytes(Bytes([UInt8](repeating: 0, count: max(2, vr.wordSize)))))
        }
    }

    static func empty(_ tag: Tag, _ vr: VR) -> Element {
        vr == .SQ ? .sequence(tag, []) : Element(tag, vr, .bytes(.empty))
    }

    /// What stands in place of a removed report: one comment (PS3.16 code 121106).
    static var contentItem: DataSet {
        DataSet([
            .text(Tag(0x0040, 0xa010), "CONTAINS"), .text(Tag(0x0040, 0xa040), "TEXT"),
            .sequence(
                Tag(0x0040, 0xa043),
                [
                    DataSet([
                        .text(Tag(0x0008, 0x0100), "121106"), .text(Tag(0x0008, 0x0102), "DCM"),
                        .text(Tag(0x0008, 0x0104), "Comment"),
                    ])
                ]),
            .text(Tag(0x0040, 0xa160), text),
        ])
    }

    /// A document of its kind without content.
    static func document(mimeType: String?) -> [UInt8] {
        switch mimeType {
        case "application/pdf": Array(pdf.utf8)
        case "text/XML"?, "text/xml"?: Array("<removed/>".utf8)
        default: [0, 0]
        }
    }

    /// One empty page (ISO 32000-1 annex H.2); readers rebuild a missing table of references.
    private static let pdf = """
        %PDF-1.4
        1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
        2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
        3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj
        trailer<</Root 1 0 R/Size 4>>
        %%EOF

        """
}
