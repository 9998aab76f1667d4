import DICOM
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("DICOM JSON against pydicom") struct JSONReferenceTests {
    /// Files that pydicom reads as far as they go and Lightbox refuses, since they end inside an attribute or
    /// start with a stray byte; the DICOMDIR has item lengths that its sequence is too short for.
    static let refused: [String: DICOMError.Code] = [
        "rtplan_truncated.dcm": .truncated, "DICOMDIR-nooffset": .truncated, "no_meta.dcm": .notDICOM,
    ]

    @Test(
        "Says what pydicom says of every file", .enabled(if: SampleFiles.hasPydicom, "\(SampleFiles.needsPydicom)")
    )
    func agrees() throws {
        var compared = 0
        for row in try SampleFiles.rows("json.csv") {
            guard let path = SampleFiles.path(row[0]) else { continue }
            do {
                let file = try DICOMFile(path: path, options: ReadOptions(stopsBeforePixelData: true))
                let lines = try CanonicalJSON.lines(of: DICOMJSON.encode(file.dataSet), skipping: row[3])
                dump(lines, row[0])
                let digest = ContentHash(of: lines.joined(separator: "\n").utf8).description
                #expect(digest == row[2], "\(row[0]): \(lines.count) attributes, pydicom has \(row[1])")
                compared += 1
            } catch let error as DICOMError {
                #expect(Self.refused[(path as NSString).lastPathComponent] == error.code, "\(error)")
            }
        }
        #expect(compared > 180)
    }

    /// Writes the canonical text for a comparison by hand with what the reference script dumps.
    private func dump(_ lines: [String], _ name: String) {
        guard let folder = ProcessInfo.processInfo.environment["LIGHTBOX_DUMP"] else { return }
        let path = folder + "/" + name
        try? FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try? lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }
}
