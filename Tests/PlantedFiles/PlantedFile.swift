package import DICOM
import LightboxCore

/// A small file with a secret in every place that can hold one.
package struct PlantedFile {
    /// What may not occur in the output, and where it stood.
    package private(set) var secrets: [Secret] = []
    package private(set) var bytes: [UInt8] = []
    package private(set) var path = ""
    package let pixels: [UInt8]
    private var generator: SeededGenerator
    private let number: Int

    package struct Secret: Sendable {
        package let place: String
        /// At least eight bytes.
        package let text: String

        package init(place: String, text: String) {
            precondition(text.utf8.count >= 8)
            self.place = place
            self.text = text
        }
    }

    package enum Kind: Int, CaseIterable { case radiograph, ct, capture, report, document }

    package var kind: Kind { Kind(rawValue: number % Kind.allCases.count)! }

    /// The radiographs are compressed, as far as a stream of markers is.
    package var syntax: TransferSyntax {
        switch kind {
        case .radiograph: .jpegBaseline8Bit
        case .ct: number % 2 == 0 ? .implicitVRLittleEndian : .explicitVRBigEndian
        case .capture: .explicitVRLittleEndian
        case .report: .deflatedExplicitVRLittleEndian
        case .document: .explicitVRLittleEndian
        }
    }

    private var sopClass: String {
        switch kind {
        case .radiograph: "1.2.840.10008.5.1.4.1.1.1"
        case .ct: "1.2.840.10008.5.1.4.1.1.2"
        case .capture: "1.2.840.10008.5.1.4.1.1.7"
        case .report: "1.2.840.10008.5.1.4.1.1.88.33"
        case .document: "1.2.840.10008.5.1.4.1.1.104.1"
        }
    }

    package init(number: Int) throws {
        self.number = number
        var generator = SeededGenerator(seed: UInt64(number), stream: "planted")
        pixels = (0..<512).map { _ in UInt8.random(in: 0...255, using: &generator) }
        self.generator = generator
        try make()
    }

    // MARK: Secrets

    private mutating func token(_ place: String) -> String {
        let letters = (0..<8).map { _ in "BCDFGHJKMPQRVWXZ".randomElement(using: &generator)! }
        let text = "Q" + String(letters) + "\(number)"
        secrets.append(Secret(place: place, text: text))
        return text
    }

    private mutating func uid(_ place: String) -> String {
        let text = "1.3.6.1.4.1.\(UInt64.random(in: 1_000_000_000...9_999_999_999, using: &generator)).\(number)"
        secrets.append(Secret(place: place, text: text))
        return text
    }

    private mutating func date(_ place: String) -> String {
        let text =
            "19\(Int.random(in: 20...99, using: &generator))0\(Int.random(in: 1...9, using: &generator))"
            + "\(Int.random(in: 10...28, using: &generator))"
        secrets.append(Secret(place: place, text: text))
        return text
    }

    private mutating func text(_ tag: Tag, vr: VR? = nil, before: String = "", after: String = "") -> Element {
        .text(tag, before + token("\(tag)") + after, vr: vr)
    }

    // MARK: The file

    private mutating func make() throws {
        var dataSet = DataSet(patient() + study() + equipment() + identifiers() + privateBlock() + oddities())
        for element in content(of: dataSet) { dataSet[element.tag] = element }
        // A name in a text that the profile keeps.
        let name = token("family name")
        dataSet[.patientName] = .text(.patientName, "\(name)^\(token("given name"))")
        dataSet[.manufacturer] = .text(.manufacturer, "Scanner of \(name)")
        let fileMeta = DataSet([
            text(Tag(0x0002, 0x0016)),
            .text(Tag(0x0002, 0x0100), "1.2.3.4"), .bytes(Tag(0x0002, 0x0102), Array(token("meta").utf8), vr: .OB),
        ])
        let file = DICOMFile(fileMeta: fileMeta, dataSet: dataSet, transferSyntax: syntax)
        bytes = try file.serialized()
        // The writer copies the data set's own UID there; an other file has another one.
        let meta = Array(uid("file meta").utf8)
        let instance = Array(dataSet.string(.sopInstanceUID)!.utf8)
        if let place = bytes.firstRange(of: instance) { bytes.replaceSubrange(place, with: meta) }
        let preamble = token("preamble")
        bytes.replaceSubrange(20..<20 + preamble.utf8.count, with: preamble.utf8)
        path = "/archive/\(token("file name"))/image.dcm"
    }

    private mutating func patient() -> [Element] {
        [
            text(.patientID), .text(.patientBirthDate, date("birth date")), text(Tag(0x0010, 0x1000)),
            .sequence(Tag(0x0010, 0x1002), [DataSet([text(.patientID), text(Tag(0x0010, 0x0021))])]),
            text(Tag(0x0010, 0x1040)), text(Tag(0x0010, 0x4000), before: "Comment on "), text(Tag(0x0010, 0x2160)),
            text(Tag(0x0010, 0x2180)), text(Tag(0x0010, 0x21b0)), text(Tag(0x0010, 0x1001)),
            .text(.patientSex, "F"),
            .text(Tag(0x0010, 0x1010), "047Y"),
        ]
    }

    private mutating func study() -> [Element] {
        [
            .text(.studyDate, date("study date")), .text(Tag(0x0008, 0x0022), date("acquisition date")),
            .text(Tag(0x0008, 0x0023), date("content date")),
            .text(Tag(0x0008, 0x002a), date("acquisition date and time") + "101112.5+0100"),
            .text(.studyTime, "101112"), text(.accessionNumber), text(Tag(0x0008, 0x0090)),
            text(Tag(0x0008, 0x0092)), text(.studyDescription, before: "CT chest "), text(Tag(0x0008, 0x1050)),
            text(Tag(0x0008, 0x1070)), text(.seriesDescription, after: " axial 5mm"), text(.studyID),
            text(Tag(0x0018, 0x1030)), text(Tag(0x0020, 0x4000), before: "seen by "),
            .sequence(
                Tag(0x0040, 0x0275),
                [
                    DataSet([
                        text(Tag(0x0040, 0x0007)), text(Tag(0x0040, 0x0009)), text(Tag(0x0040, 0x1001)),
                        .sequence(Tag(0x0040, 0x0008), [DataSet([text(Tag(0x0008, 0x0104))])]),
                    ])
                ]),
        ]
    }

    private mutating func equipment() -> [Element] {
        [
            text(.institutionName), text(Tag(0x0008, 0x0081)), text(Tag(0x0008, 0x1010)),
            text(Tag(0x0018, 0x1000)),
            text(Tag(0x0008, 0x0055)), text(Tag(0x0018, 0x1400), before: "lung "), text(Tag(0x0008, 0x1040)),
        ]
    }

    private mutating func identifiers() -> [Element] {
        let referenced = DataSet([
            .text(Tag(0x0008, 0x1150), "1.2.840.10008.5.1.4.1.1.2"), .text(Tag(0x0008, 0x1155), uid("reference")),
        ])
        return [
            .text(.sopClassUID, sopClass), .text(.sopInstanceUID, uid("instance")),
            .text(.studyInstanceUID, uid("study")), .text(.seriesInstanceUID, uid("series")),
            .text(Tag(0x0020, 0x0052), uid("frame of reference")),
            .sequence(Tag(0x0008, 0x2112), [referenced]),
            .sequence(
                Tag(0x0008, 0x1115),
                [
                    DataSet([
                        .text(.seriesInstanceUID, uid("referenced series")),
                        .sequence(
                            Tag(0x0008, 0x1199),
                            [
                                DataSet([
                                    .text(Tag(0x0008, 0x1150), "1.2.840.10008.5.1.4.1.1.2"),
                                    .text(Tag(0x0008, 0x1155), uid("nested reference")),
                                ])
                            ]),
                    ])
                ]),
        ]
    }

    private mutating func privateBlock() -> [Element] {
        [
            .text(Tag(0x0019, 0x0010), token("creator")), text(Tag(0x0019, 0x1001)),
            .bytes(Tag(0x0019, 0x1002), Array(token("private bytes").utf8), vr: .UN),
            .sequence(Tag(0x0019, 0x1003), [DataSet([text(Tag(0x0008, 0x0104)), text(.patientID)])]),
            .text(Tag(0x0019, 0x0011), "SIEMENS MR HEADER"), .text(Tag(0x0019, 0x110c), "1000", vr: .IS),
            text(Tag(0x0019, 0x1108), vr: .CS), text(Tag(0x0009, 0x1001)),
        ]
    }

    private mutating func oddities() -> [Element] {
        [
            // No attribute of the standard's, words in a number, a code in lower case, a long text outside the table.
            text(Tag(0x0008, 0x9ffe), vr: .LO), text(Tag(0x0018, 0x0060), vr: .DS),
            text(Tag(0x0018, 0x5100), vr: .CS, before: "head first of "), text(Tag(0x0018, 0x7006)),
            .bytes(Tag(0x0018, 0x0021), Array("for: \(token("UN"))".utf8), vr: .UN),
            .bytes(Tag(0xfffc, 0xfffc), Array(token("padding").utf8), vr: .OB),
            .bytes(Tag(0x6000, 0x3000), Array(token("overlay").utf8), vr: .OW), text(Tag(0x6000, 0x0022)),
            text(Tag(0x6000, 0x4000), vr: .LT), text(Tag(0x6002, 0x1500), vr: .LO),
            text(Tag(0x5000, 0x0022), vr: .LO), .bytes(Tag(0x5000, 0x3000), Array(token("curve").utf8), vr: .OW),
            .sequence(
                Tag(0x0088, 0x0200), [DataSet([.bytes(.pixelData, Array(token("icon").utf8), vr: .OB)])]),
            .sequence(
                Tag(0xfffa, 0xfffa),
                [DataSet([.bytes(Tag(0x0400, 0x0120), Array(token("signature").utf8), vr: .OB)])]),
            .sequence(
                Tag(0x0400, 0x0561),
                [
                    DataSet([
                        text(Tag(0x0400, 0x0563)), .sequence(Tag(0x0400, 0x0550), [DataSet([text(.patientID)])]),
                    ])
                ]),
        ]
    }

    private mutating func content(of dataSet: DataSet) -> [Element] {
        switch kind {
        case .report: return report()
        case .document:
            return [
                .text(Tag(0x0042, 0x0012), "application/pdf"), text(Tag(0x0042, 0x0010)), .text(.modality, "DOC"),
                .bytes(Tag(0x0042, 0x0011), Array("%PDF-1.4 \(token("document"))".utf8), vr: .OB),
            ]
        default: return image()
        }
    }

    private mutating func report() -> [Element] {
        let person = DataSet([
            .text(Tag(0x0040, 0xa040), "PNAME"), text(Tag(0x0040, 0xa123)),
            .text(Tag(0x0040, 0xa010), "HAS OBS CONTEXT"),
        ])
        let finding = DataSet([
            .text(Tag(0x0040, 0xa040), "TEXT"), text(Tag(0x0040, 0xa160), before: "Pleural effusion of "),
            .text(Tag(0x0040, 0xa010), "CONTAINS"), .text(Tag(0x0040, 0xa032), date("observation") + "1200"),
            .sequence(Tag(0x0040, 0xa730), [person]),
        ])
        return [
            .text(.modality, "SR"), .text(Tag(0x0040, 0xa040), "CONTAINER"),
            .sequence(Tag(0x0040, 0xa730), [finding, person]),
            .sequence(
                Tag(0x0040, 0xa073),
                [
                    DataSet([
                        text(Tag(0x0040, 0xa075)), text(Tag(0x0040, 0xa027)),
                        .text(Tag(0x0040, 0xa030), date("verification") + "1200"),
                    ])
                ]),
        ]
    }

    private mutating func image() -> [Element] {
        let trailer = Array(token("behind the pixels").utf8)
        var elements: [Element] = [
            .text(.modality, kind == .ct ? "CT" : "CR"), .uint16(.rows, 16), .uint16(.columns, 16),
            .uint16(.samplesPerPixel, 1), .uint16(.bitsAllocated, 16), .uint16(.bitsStored, 16),
            .uint16(.highBit, 15), .uint16(.pixelRepresentation, 0),
            .text(.photometricInterpretation, "MONOCHROME2"),
        ]
        if kind == .radiograph {
            let comment = Array(token("comment").utf8)
            var stream: [UInt8] = [0xff, 0xd8, 0xff, 0xfe, 0, UInt8(comment.count + 2)] + comment
            stream += [0xff, 0xda, 0, 2] + pixels.map { $0 & 0x7f } + [0xff, 0xd9] + trailer
            let fragments = [Bytes(stream + (stream.count % 2 == 0 ? [] : [0]))]
            elements.append(Element(.pixelData, .OB, .fragments(offsetTable: .empty, fragments)))
        } else {
            elements.append(.bytes(.pixelData, pixels + trailer, vr: .OW))
        }
        return elements
    }
}
