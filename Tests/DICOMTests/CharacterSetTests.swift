import DICOM
import LightboxCore
import Testing

@Suite("Specific character set") struct CharacterSetTests {
    /// The examples of PS3.5 annexes H to K, and names in the other sets of PS3.3 tables C.12-2 to C.12-5.
    @Test(
        "Decodes names",
        arguments: [
            ("", "Doe^Jane", "Doe^Jane"),
            ("ISO_IR 100", "Buc^J\u{e9}r\u{f4}me", "Buc^Jérôme"),
            ("ISO_IR 101", "W\u{b3}odarczyk", "Włodarczyk"),
            ("ISO_IR 144", "\u{bb}\u{ee}\u{da}ceM\u{d1}y\u{e0}\u{d3}", "ЛюкceMбyрг"),
            ("ISO_IR 127", "\u{e2}\u{c8}\u{c7}\u{e6}\u{ea}^\u{e4}\u{e6}\u{d2}\u{c7}\u{d1}", "قباني^لنزار"),
            ("ISO_IR 126", "\u{c4}\u{e9}\u{ef}\u{ed}\u{f5}\u{f3}\u{e9}\u{ef}\u{f2}", "Διονυσιος"),
            ("ISO_IR 138", "\u{f9}\u{f8}\u{e5}\u{ef}^\u{e3}\u{e1}\u{e5}\u{f8}\u{e4}", "שרון^דבורה"),
            ("ISO_IR 148", "\u{c7}avu\u{fe}o\u{f0}lu", "Çavuşoğlu"),
            ("ISO_IR 203", "\u{a4}", "€"),
            ("ISO_IR 166", "\u{c7}\u{d1}\u{b9}\u{b4}\u{d5}", "วันดี"),
            ("ISO_IR 13", "\u{d4}\u{cf}\u{c0}\u{de}^\u{c0}\u{db}\u{b3}", "ﾔﾏﾀﾞ^ﾀﾛｳ"),
            (
                "\\ISO 2022 IR 87",
                "Yamada^Tarou=\u{1b}$B;3ED\u{1b}(B^\u{1b}$BB@O:\u{1b}(B=\u{1b}$B$d$^$@\u{1b}(B^\u{1b}$B$?$m$&\u{1b}(B",
                "Yamada^Tarou=山田^太郎=やまだ^たろう"
            ),
            (
                "ISO 2022 IR 13\\ISO 2022 IR 87",
                "\u{d4}\u{cf}\u{c0}\u{de}^\u{c0}\u{db}\u{b3}=\u{1b}$B;3ED\u{1b}(J^\u{1b}$BB@O:\u{1b}(J",
                "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎"
            ),
            (
                "\\ISO 2022 IR 149",
                "Hong^Gildong=\u{1b}$)C\u{fb}\u{f3}^\u{1b}$)C\u{d1}\u{ce}\u{d4}\u{d7}=\u{1b}$)C\u{c8}\u{ab}^\u{1b}$)C\u{b1}\u{e6}\u{b5}\u{bf}",
                "Hong^Gildong=洪^吉洞=홍^길동"
            ),
            ("GB18030", "Wang^XiaoDong=\u{cd}\u{f5}^\u{d0}\u{a1}\u{b6}\u{ab}", "Wang^XiaoDong=王^小东"),
            ("GBK", "\u{cd}\u{f5}^\u{d0}\u{a1}\u{b6}\u{ab}", "王^小东"),
            ("\\ISO 2022 IR 58", "Zhang=\u{1b}$)A\u{d5}\u{c5}^\u{1b}$)A\u{d0}\u{a1}", "Zhang=张^小"),
            ("ISO_IR 192", "\u{e7}\u{8e}\u{8b}", "王"),
            // Misspelt, unknown and broken ones still give something to read.
            ("ISO IR 100", "J\u{e9}r\u{f4}me", "Jérôme"), ("iso-ir-101", "W\u{b3}a", "Wła"),
            ("KOI-8", "J\u{e9}r\u{f4}me", "Jérôme"), ("ISO_IR 192", "a\u{e9}b", "a\u{fffd}b"),
            ("ISO_IR 127", "\u{a1}A", "\u{fffd}A"), ("", "a\u{1b}%Gb", "ab"), ("", "a\u{1b}", "a"),
        ])
    func decodes(characterSet: String, latin1: String, expected: String) {
        #expect(Self.decode(latin1, characterSet, .PN) == expected)
    }

    /// Bytes, given as the characters of ISO 8859-1 with their numbers.
    static func decode(_ latin1: String, _ characterSet: String, _ vr: VR) -> String {
        let bytes = latin1.unicodeScalars.map { UInt8($0.value) }
        return bytes.withUnsafeBytes { SpecificCharacterSet(characterSet).decode($0, vr: vr) }
    }

    @Test("An escape ends at a delimiter of its VR") func delimiters() {
        // Cyrillic up to the delimiter, the initial Latin-1 behind it.
        let text = "\u{1b}-L\u{d0}^\u{d0}\\\u{d0}\r\u{d0}"
        let set = "ISO 2022 IR 100\\ISO 2022 IR 144"
        #expect(Self.decode(text, set, .PN) == "а^Ð\\Ð\rÐ")
        #expect(Self.decode(text, set, .LO) == "а^а\\Ð\rÐ")
        #expect(Self.decode(text, set, .UT) == "а^а\\а\rÐ")
    }

    @Test("Items inherit the character set, and may have their own") func inheritance() throws {
        let latin = Element(.patientName, .PN, .bytes(Bytes([0xe9, 0x20] as [UInt8])))
        let own = DataSet([.text(.specificCharacterSet, "ISO_IR 144"), latin])
        let sequence = Tag(0x0040, 0xa730)
        let root = DataSet([
            .text(.specificCharacterSet, "ISO_IR 100"), latin, .sequence(sequence, [DataSet([latin]), own]),
        ])
        let read = try DataSet(
            bytes: Bytes(root.serialized(as: .explicitVRLittleEndian)), as: .explicitVRLittleEndian)
        for dataSet in [root, read] {
            #expect(dataSet.string(.patientName) == "é")
            #expect(dataSet.items(sequence).map { $0.string(.patientName) } == ["é", "щ"])
            let json = String(decoding: DICOMJSON.encode(dataSet), as: UTF8.self)
            #expect(json.contains("é") && json.contains("щ") && !json.contains("ISO_IR 100"))
        }
    }
}
