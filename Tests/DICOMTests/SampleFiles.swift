import Foundation
import TestSupport

/// The files that the reference numbers speak of: pydicom's, which `scripts/bootstrap` unpacks, and the
/// optional folder of real data.
enum SampleFiles {
    static let pydicomFolder = repositoryRoot + "/.native/pydicom"
    static let hasPydicom = FileManager.default.fileExists(atPath: pydicomFolder + "/test_files/CT_small.dcm")
    static let needsPydicom: String = "needs pydicom's test files in .native/pydicom, see scripts/bootstrap"

    /// `test_files/CT_small.dcm`.
    static func pydicom(_ name: String) -> String { pydicomFolder + "/" + name }

    /// The path of `pydicom/test_files/CT_small.dcm` or `shared/…`; nil where it is absent.
    static func path(_ name: String) -> String? {
        if name.hasPrefix("shared/") { return testData("dicom/" + name.dropFirst("shared/".count)) }
        let path = pydicom(String(name.dropFirst("pydicom/".count)))
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// The rows of a stored reference table, without its header.
    static func rows(_ name: String) throws -> [[String]] {
        let text = try String(contentsOfFile: reference("dicom/" + name), encoding: .utf8)
        return text.split(separator: "\n").dropFirst().map { line in
            line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
    }
}
