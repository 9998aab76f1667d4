import DICOM
import Foundation
import LightboxCore
import Testing

/// Small files with random damage: whatever comes, an error or a data set comes out, and what can be read
/// can be shown, written as JSON, and written again.
@Suite("Damaged DICOM files") struct MutationTests {
    static let names = [
        "test_files/rtplan.dcm", "test_files/UN_sequence.dcm", "test_files/nested_priv_SQ.dcm",
        "test_files/MR_small_implicit.dcm", "test_files/SC_rgb_small_odd_jpeg.dcm", "test_files/reportsi.dcm",
        "test_files/ExplVR_BigEnd.dcm", "charset_files/chrH32.dcm", "charset_files/chrKoreanMulti.dcm",
    ]

    @Test("Never crash", .enabled(if: SampleFiles.hasPydicom, "\(SampleFiles.needsPydicom)"), arguments: names)
    func mutations(name: String) throws {
        let original = try Bytes(MappedFile(path: SampleFiles.pydicom(name))).array
        var generator = SeededGenerator(seed: 7, stream: name)
        var read = 0
        for _ in 0..<600 where exercise(damaged(original, &generator)) { read += 1 }
        #expect(read > 0)
    }

    /// Flips, overwrites with interesting bytes, removes or doubles pieces, cuts the end.
    private func damaged(_ original: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...8, using: &generator) {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes[place] = [0, 1, 0x1b, 0x5c, 0x7f, 0x80, 0xfe, 0xff].randomElement(using: &generator)!
            case 2:
                for index in place..<min(place + 4, bytes.count) { bytes[index] = 0xff }
            case 3: bytes.removeSubrange(place..<min(place + 8, bytes.count))
            case 4: bytes.insert(contentsOf: bytes[place..<min(place + 40, bytes.count)], at: place)
            default: bytes.removeLast(min(bytes.count - 1, Int.random(in: 0..<64, using: &generator)))
            }
            if bytes.isEmpty { bytes = [0] }
        }
        return bytes
    }

    private func exercise(_ bytes: [UInt8]) -> Bool {
        guard let file = try? DICOMFile(bytes: Bytes(bytes)) else { return false }
        let json = DICOMJSON.encode(file.dataSet)
        // What cannot be a value of its VR is a text there, and no number again.
        if let again = try? DICOMJSON.decode(json) { _ = DICOMJSON.encode(again) }
        _ = file.dump()
        _ = try? file.serialized()
        return true
    }
}
