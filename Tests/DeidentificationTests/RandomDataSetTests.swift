import DICOM
import Deidentification
import LightboxCore
import PlantedFiles
import Testing

/// Data sets of any attributes, any depth.
@Suite("Random data sets") struct RandomDataSetTests {
    private struct Maker {
        var generator: SeededGenerator
        /// Texts that must not be left: those of attributes that the table removes or replaces, private and unknown.
        var secrets: [String] = []
        var uids: [String] = []
        static let listed: [DICOM.Tag] = [
            .patientName, .patientID, .accessionNumber, .institutionName, .studyDescription, .seriesDescription,
            Tag(0x0010, 0x4000), Tag(0x0008, 0x0090), Tag(0x0040, 0x2017), Tag(0x0018, 0x1000),
            Tag(0x0020, 0x4000),
            Tag(0x0032, 0x1033), Tag(0x0038, 0x0010), Tag(0x0040, 0xa075), Tag(0x0070, 0x0084),
            Tag(0x300e, 0x0008),
            Tag(0x0010, 0x1040), Tag(0x0018, 0x7006), Tag(0x0040, 0xa160), Tag(0x4008, 0x0115),
            Tag(0x0008, 0x1070),
        ]
        static let kept: [DICOM.Tag] = [
            Tag(0x0018, 0x0050), Tag(0x0018, 0x0060), .rows, .columns, .windowCenter, .instanceNumber,
            Tag(0x0020, 0x0032), Tag(0x0028, 0x0030), .bitsStored,
        ]
        static let sequences: [DICOM.Tag] = [
            Tag(0x0008, 0x1115), Tag(0x0008, 0x1199), Tag(0x5200, 0x9229), Tag(0x0040, 0xa043),
            Tag(0x0018, 0x6011),
            Tag(0x0008, 0x2218), Tag(0x0040, 0x0100), Tag(0x0040, 0xa730), Tag(0x0010, 0x1002),
            Tag(0x0400, 0x0550),
        ]

        mutating func secret() -> String {
            let text = "Zq" + String((0..<7).map { _ in "bcdfghjkmpqrvwxz".randomElement(using: &generator)! })
            secrets.append(text)
            return text
        }

        mutating func dataSet(depth: Int) -> DataSet {
            var elements: [Element] = []
            for _ in 0..<Int.random(in: 0...12, using: &generator) { elements.append(element(depth)) }
            return DataSet(elements)
        }

        mutating func element(_ depth: Int) -> Element {
            switch Int.random(in: 0..<(depth > 0 ? 9 : 7), using: &generator) {
            case 0, 1: return .text(Self.listed.randomElement(using: &generator)!, secret())
            case 2:
                return .int(
                    Self.kept.randomElement(using: &generator)!, Int.random(in: 0...200, using: &generator))
            case 3:
                let uid = "1.2.3.\(UInt32.random(in: 0...99, using: &generator)).77"
                uids.append(uid)
                return .text([Tag(0x0008, 0x1155), .seriesInstanceUID].randomElement(using: &generator)!, uid)
            case 4:
                let element = UInt16.random(in: 0x1000...0x10ff, using: &generator)
                return .text(Tag(UInt16.random(in: 4...200, using: &generator) * 2 + 1, element), secret())
            case 5:
                return .text(Tag(0x0018, 0x9f00 + UInt16.random(in: 0...9, using: &generator)), secret(), vr: .LO)
            case 6: return .bytes(Tag(0x0011, 0x1010), Array(secret().utf8), vr: .UN)
            default:
                let count = Int.random(in: 0...3, using: &generator)
                let items = (0..<count).map { _ in dataSet(depth: depth - 1) }
                return .sequence(Self.sequences.randomElement(using: &generator)!, items)
            }
        }
    }

    private static func walk(_ dataSet: DataSet, _ body: (Element) -> Void) {
        for element in dataSet.elements {
            body(element)
            for item in dataSet.items(element.tag) { walk(item, body) }
        }
    }

    @Test("Nothing private, unknown or listed is left; numbers are; the result reads the same and is stable")
    func random() throws {
        let deidentifier = try Deidentifier(key: .test)
        for seed in 0..<400 as Range<UInt64> {
            var maker = Maker(generator: SeededGenerator(seed: seed))
            let source = DICOMFile(dataSet: maker.dataSet(depth: 5))
            let result = try deidentifier.apply(to: source).file
            let bytes = try result.serialized()
            let secrets = (maker.secrets + maker.uids).map { PlantedFile.Secret(place: "seed \(seed)", text: $0) }
            for secret in SecretSearch(secrets).found(in: bytes) {
                Issue.record("\(secret.place): \(secret.text)")
            }
            let again = try DICOMFile(bytes: Bytes(bytes))
            #expect(try again.serialized() == bytes)
            Self.walk(again.dataSet) { element in
                #expect(!element.tag.isPrivate && DICOMDictionary.vr(of: element.tag) != nil)
            }
            // Numbers at the top are as they were.
            for tag in Maker.kept where source.dataSet[tag] != nil {
                #expect(again.dataSet.bytes(tag) == source.dataSet.bytes(tag))
            }
            #expect(try deidentifier.apply(to: source).file.serialized() == bytes)
        }
    }

    @Test("Twice is once, but for names made anew") func twice() throws {
        let deidentifier = try Deidentifier(
            options: [.retainUIDs, .cleanDescriptors], rules: RuleSet([.init(.tag(.patientID), .keep)]), key: .test
        )
        for seed in 0..<100 as Range<UInt64> {
            var maker = Maker(generator: SeededGenerator(seed: seed))
            let source = DICOMFile(dataSet: maker.dataSet(depth: 3))
            let once = try deidentifier.apply(to: source).file
            let twice = try deidentifier.apply(to: once).file
            #expect(once.dataSet.elements.map(\.tag) == twice.dataSet.elements.map(\.tag), "seed \(seed)")
        }
    }
}
