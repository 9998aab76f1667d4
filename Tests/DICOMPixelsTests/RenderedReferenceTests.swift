import DICOM
import DICOMPixels
import LightboxCore
import TestSupport
import Testing

@Suite("Rendered pictures equal pydicom's") struct RenderedReferenceTests {
    @Test(
        .enabled(if: PixelFiles.hasPydicom, "needs .native/pydicom, see scripts/bootstrap"),
        arguments: PixelFiles.present.filter { RenderedReference.all[$0] != nil })
    func equalsReference(name: String) throws {
        let reference = try #require(RenderedReference.all[name])
        let path = try #require(PixelFiles.path(name))
        let image = try DICOMImage(DICOMFile(path: path)).rendered()
        guard case .uint8(let pixels) = image.samples else {
            Issue.record("not 8 bits")
            return
        }
        if ContentHash(of: pixels).description == reference.sha256 { return }
        let values = referencePositions(pixels.count).map { Int(pixels[$0]) }
        let difference = zip(values, reference.values).map { abs($0 - $1) }.max() ?? 0
        Issue.record("differs by \(difference)")
    }
}
