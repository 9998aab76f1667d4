import DICOM
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("DICOM JSON") struct DICOMJSONTests {
    static func json(_ elements: Element..., options: DICOMJSON.EncodeOptions = .init()) -> String {
        String(decoding: DICOMJSON.encode(DataSet(elements), options: options), as: UTF8.self)
    }

    @Test(
        "Numbers keep their digits and become valid JSON",
        arguments: [
            ("1.50", "1.50"), ("+7", "7"), ("-.5", "-0.5"), ("007", "7"), ("1.", "1"), ("1E+05", "1e+05"),
            ("-0", "-0"),
            ("000", "0"), ("12a", "\"12a\""), (".", "\".\""), ("1e", "\"1e\""), ("NaN", "\"NaN\""), (" 3 ", "3"),
        ])
    func decimals(text: String, expected: String) {
        #expect(Self.json(.text(.windowCenter, text)) == "{\"00281050\":{\"vr\":\"DS\",\"Value\":[\(expected)]}}")
    }

    @Test("Texts are escaped") func escapes() throws {
        let text = "a\"b\u{1}\n\t/é😀\u{7f}\\c"
        let json = DICOMJSON.encode(
            DataSet([.text(.specificCharacterSet, "ISO_IR 192"), .text(Tag(0x0010, 0x4000), text)]))
        let parsed = try JSONSerialization.jsonObject(with: Data(json)) as? [String: [String: Any]]
        #expect(parsed?["00104000"]?["Value"] as? [String] == [text])
        #expect(try DICOMJSON.decode(json).string(Tag(0x0010, 0x4000)) == text)
    }

    @Test("Empty values are null among others and absent alone") func empties() {
        #expect(Self.json(.text(.imageType, "A", "", "B")).contains("[\"A\",null,\"B\"]"))
        #expect(Self.json(.text(.imageType, "")) == "{\"00080008\":{\"vr\":\"CS\"}}")
        #expect(Self.json(.sequence(.voiLUTSequence, [])) == "{\"00283010\":{\"vr\":\"SQ\"}}")
        #expect(Self.json(.sequence(.voiLUTSequence, [DataSet()])).hasSuffix("\"Value\":[{}]}}"))
    }

    @Test("Names are split into their groups") func names() {
        #expect(Self.json(.text(.patientName, "A^B==C")).contains("[{\"Alphabetic\":\"A^B\",\"Phonetic\":\"C\"}]"))
    }

    @Test("Binary values are base64, or an address when long") func binary() {
        let lut = Tag(0x0028, 0x1201)
        #expect(Self.json(.bytes(lut, [1, 2, 3, 4])).contains("\"InlineBinary\":\"AQIDBA==\""))
        let options = DICOMJSON.EncodeOptions(inlineLimit: 2) { "bulk/" + $0 }
        let item = DataSet([.bytes(lut, [1, 2, 3, 4])])
        let json = Self.json(
            .bytes(lut, [1, 2]), .sequence(.voiLUTSequence, [DataSet(), item]), options: options)
        #expect(json.contains("\"InlineBinary\":\"AQI=\""))
        #expect(json.contains("\"BulkDataURI\":\"bulk/00283010/1/00281201\""))
    }

    @Test("Floats that are no numbers are texts") func infinities() throws {
        let tag = Tag(0x0018, 0x605a)
        let json = Self.json(.float(tag, .nan, .infinity, -.infinity, 0.1))
        #expect(json.contains("[\"NaN\",\"Infinity\",\"-Infinity\",0.10000000149011612]"))
        let values = try DICOMJSON.decode(Array(json.utf8)).doubles(tag)
        #expect(
            values[0].isNaN && values[1] == .infinity && values[2] == -.infinity && values[3] == Double(Float(0.1))
        )
    }

    @Test("Values that do not fill their VR are bytes") func oddLength() {
        let odd = Element(.rows, .US, .bytes(Bytes([1, 2, 3] as [UInt8])))
        #expect(Self.json(odd) == "{\"00280010\":{\"vr\":\"UN\",\"InlineBinary\":\"AQID\"}}")
    }

    @Test("Reads the standard's example (PS3.18 annex F.4) and its liberties") func example() throws {
        let json = """
            [{"00080005":{"vr":"CS","Value":["ISO_IR 100"]},"00080054":{"vr":"AE","Value":[]},
            "00081190":{"vr":"UR","Value":["http://a/b"]}, "00100010":{"vr":"PN","Value":[{"Alphabetic":"Wang^XiaoDong",
            "Ideographic":"王^小东"}]},"00201206":{"vr":"IS","Value":[4]},"00280010":{"Value":["512"]},
            "00091002":{"vr":"UN","InlineBinary":"z0x9c8v7"},"StudyDate":{"vr":"DA","Value":["20130409"]},
            "00720076":{"vr":"SV","Value":[9223372036854775807]},"00280120":{"vr":"US","Value":[null]}}]
            """
        let dataSet = try DICOMJSON.decode(Array(json.utf8))
        #expect(dataSet.string(.specificCharacterSet) == "ISO_IR 192")
        #expect(dataSet.string(.patientName) == "Wang^XiaoDong=王^小东")
        #expect(dataSet.int(.rows) == 512)
        #expect(dataSet.string(.studyDate) == "20130409")
        #expect(dataSet.bytes(Tag(0x0009, 0x1002))?.count == 6)
        #expect(dataSet.int(Tag(0x0072, 0x0076)) == .max)
    }

    @Test(
        "Refuses what is no DICOM JSON, naming the tag",
        arguments: [
            "", "{", "[1]", "{\"x\":{}}", "{\"00100010\":1}", "{\"00280010\":{\"vr\":\"US\",\"Value\":[70000]}}",
            "{\"00280010\":{\"vr\":\"ZZ\"}}", "{\"00091002\":{\"vr\":\"UN\",\"InlineBinary\":\"*\"}}", "{} {}",
            "{\"a\":01}",
        ])
    func refuses(json: String) {
        #expect(throws: DICOMError.self) { try DICOMJSON.decode(Array(json.utf8)) }
    }

    @Test("A file survives JSON and back", .enabled(if: SampleFiles.hasPydicom, "\(SampleFiles.needsPydicom)"))
    func roundTrip() throws {
        for name in ["CT_small", "rtplan", "reportsi", "SC_rgb_rle", "waveform_ecg", "nested_priv_SQ"] {
            let file = try DICOMFile(path: SampleFiles.pydicom("test_files/\(name).dcm"))
            let json = DICOMJSON.encode(file.dataSet)
            #expect(DICOMJSON.encode(try DICOMJSON.decode(json)) == json, "\(name)")
        }
    }
}
