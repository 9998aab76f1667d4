import DICOM
import DICOMPixels
import Foundation
import LightboxCore
import TestSupport
import Testing

/// One small image with a rarity, and what pydicom makes of it: `Tests/Reference/pixels/synthetic.json`.
struct SyntheticImage: Decodable, Sendable {
    /// A whole DICOM file in base64.
    var file: Data
    var stored: [Int]
    var window: String?
    var bits: Int?
    var shown: [Int]?

    static let all: [String: SyntheticImage] = {
        guard let data = FileManager.default.contents(atPath: reference("pixels/synthetic.json")),
            let content = try? JSONDecoder().decode([String: SyntheticImage].self, from: data)
        else { fatalError("Tests/Reference/pixels/synthetic.json is missing or damaged") }
        return content
    }()

    func image() throws -> DICOMImage { try DICOMImage(DICOMFile(bytes: Bytes(file))) }
}

@Suite("Synthetic images equal pydicom's") struct SyntheticImageTests {
    @Test("Stored values are exact", arguments: SyntheticImage.all.keys.sorted())
    func storedValues(name: String) throws {
        let reference = try #require(SyntheticImage.all[name])
        let image = try reference.image()
        let values = try (0..<image.frameCount).flatMap { try image.storedFrame($0).samples.doubles }
        #expect(values == reference.stored.map(Double.init))
    }

    @Test(
        "Display values are exact",
        arguments: SyntheticImage.all.filter { $0.value.shown != nil }.keys.sorted())
    func displayValues(name: String) throws {
        let reference = try #require(SyntheticImage.all[name])
        let window = try #require(reference.window.flatMap(WindowChoice.init(argument:)))
        let image = try reference.image().rendered(window: window, bits: reference.bits ?? 8)
        let pixels: [Int] =
            switch image.samples {
            case .uint8(let values): values.map(Int.init)
            case .uint16(let values): values.map(Int.init)
            }
        #expect(pixels == reference.shown)
    }
}
