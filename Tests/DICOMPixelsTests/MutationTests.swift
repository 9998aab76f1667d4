import DICOM
import DICOMPixels
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("Damaged pixel data") struct MutationTests {
    /// One or two small files of every transfer syntax that pydicom has.
    static let files = [
        "MR_small.dcm", "MR_small_bigendian.dcm", "SC_rgb_small_odd_big_endian.dcm", "liver_1frame.dcm",
        "SC_ybr_full_422_uncompressed.dcm", "rtdose_rle.dcm", "SC_rgb_rle_16bit_2frame.dcm", "MR_small_RLE.dcm",
        "SC_rgb_small_odd_jpeg.dcm", "SC_rgb_dcmtk_+eb+cy+s4.dcm", "JPEG-lossy.dcm", "SC_rgb_jpeg_gdcm.dcm",
        "MR_small_jpeg_ls_lossless.dcm", "JPEGLSNearLossless_08.dcm", "SC_rgb_jls_lossy_line.dcm",
        "MR_small_jp2klossless.dcm", "SC_rgb_gdcm_KY.dcm", "JPEG2000.dcm", "data/pydicom-data/liver_deflate.dcm",
        "data/pydicom-data/JLSL_08_07_0_1F.dcm", "data/pydicom-data/emri_small_jpeg_ls_lossless.dcm",
        "data/pydicom-data/HTJ2K_08_RGB.dcm",
    ].filter { PixelFiles.path($0) != nil }

    /// 60 for each file; `LIGHTBOX_MUTATIONS` asks for more.
    static let count = ProcessInfo.processInfo.environment["LIGHTBOX_MUTATIONS"].flatMap(Int.init) ?? 60
    /// Small, so that a forged size shows as an error and not as a wait.
    static let limits = PixelLimits(bytesPerFrame: 8 << 20, bytesPerImage: 32 << 20)

    @Test("Is decoded or refused with a reason", arguments: files)
    func survives(name: String) throws {
        let file = try DICOMFile(path: try #require(PixelFiles.path(name)))
        var refused = 0
        for seed in 0..<UInt64(Self.count) {
            var mutation = PixelMutation(seed: seed)
            do {
                let image = try DICOMImage(mutation.apply(to: file), limits: Self.limits)
                for index in 0..<min(image.frameCount, 3) { _ = try image.rendered(frame: index) }
            } catch is DICOMError {
                refused += 1
            }
        }
        #expect(refused < Self.count)
    }

    @Test("The same for files that are made in memory", arguments: SyntheticImage.all.keys.sorted())
    func synthetic(name: String) throws {
        let reference = try #require(SyntheticImage.all[name])
        let file = try DICOMFile(bytes: Bytes(reference.file))
        for seed in 0..<UInt64(Self.count / 4) {
            var mutation = PixelMutation(seed: seed)
            do {
                let image = try DICOMImage(mutation.apply(to: file), limits: Self.limits)
                for index in 0..<min(image.frameCount, 3) { _ = try image.rendered(frame: index) }
            } catch is DICOMError {
                continue
            }
        }
    }
}
