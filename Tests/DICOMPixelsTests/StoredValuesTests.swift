import DICOM
import DICOMPixels
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("Stored values equal pydicom's") struct StoredValuesTests {
    /// Files that are refused, with the reason. No plug-in of pydicom decodes any of them.
    static let refusals: [String: DICOMError.Code] = [
        // The codestream is cut off by an embedded delimiter.
        "JPEG2000-embedded-sequence-delimiter.dcm": .undecodablePixels,
        // 62 bytes are missing at the end.
        "MR_truncated.dcm": .truncated,
        // Pixel data without rows and columns.
        "nested_priv_SQ.dcm": .missingAttribute,
    ]

    @Test(
        .enabled(if: PixelFiles.hasPydicom, "needs .native/pydicom, see scripts/bootstrap"),
        arguments: PixelFiles.present)
    func equalsReference(name: String) throws {
        let reference = try #require(StoredReference.all[name])
        let path = try #require(PixelFiles.path(name))
        let outcome = Outcome(path: path)
        if let folder = ProcessInfo.processInfo.environment["LIGHTBOX_PIXEL_DUMP"] {
            try outcome.write(name, to: folder)
        }
        let decoded = reference.plugins.values.filter { $0.sha256 != nil }
        switch outcome.result {
        case .failure(let error):
            #expect(error.code == Self.refusals[name], "\(error)")
            #expect(decoded.isEmpty, "a plug-in decodes this file")
        case .success(let values):
            #expect(Self.refusals[name] == nil)
            guard !decoded.isEmpty else { return }
            // Decoders of lossy JPEG differ by 1; each file equals one of them in every sample.
            #expect(decoded.contains { $0.sha256 == values.sha256 })
            let differences = decoded.flatMap { plugin in
                zip(plugin.values ?? [], values.samples).map { abs($0 - $1) }
            }
            #expect(differences.max() ?? 0 <= 1)
        }
    }
}

/// Everything that was read from one file.
struct Outcome {
    struct Values {
        /// Of all frames, as the reference has them: int32, or floating point as stored.
        var bytes: [UInt8]
        var sha256: String
        var samples: [Int]
    }

    var result: Result<Values, DICOMError>

    init(path: String) {
        do {
            let image = try DICOMImage(DICOMFile(path: path))
            var bytes: [UInt8] = []
            for index in 0..<image.frameCount { bytes += try image.storedFrame(index).samples.referenceBytes }
            result = .success(
                Values(
                    bytes: bytes, sha256: ContentHash(of: bytes).description,
                    samples: bytes.withUnsafeBytes { bytes in
                        let words = bytes.bindMemory(to: Int32.self)
                        return referencePositions(words.count).map { Int(words[$0]) }
                    }))
        } catch let error as DICOMError {
            result = .failure(error)
        } catch {
            result = .failure(DICOMError(.notDICOM, String(describing: error)))
        }
    }

    /// For `scripts/pixel-conformance.py`: the values, or the reason of a refusal.
    func write(_ name: String, to folder: String) throws {
        let base = folder + "/" + name.replacingOccurrences(of: "/", with: "__")
        switch result {
        case .success(let values): try Data(values.bytes).write(to: URL(fileURLWithPath: base + ".values"))
        case .failure(var error):
            error.file = nil
            try Data(error.description.utf8).write(to: URL(fileURLWithPath: base + ".refused"))
        }
    }
}

extension StoredFrame.Samples {
    var referenceBytes: [UInt8] {
        func integers(_ values: [some FixedWidthInteger]) -> [UInt8] {
            values.map { Int32(truncatingIfNeeded: $0) }.withUnsafeBytes(Array.init)
        }
        return switch self {
        case .uint8(let values): integers(values)
        case .int8(let values): integers(values)
        case .uint16(let values): integers(values)
        case .int16(let values): integers(values)
        case .uint32(let values): integers(values)
        case .int32(let values): integers(values)
        case .float32, .float64: withUnsafeBytes(Array.init)
        }
    }
}
