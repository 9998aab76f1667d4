import DICOM
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("DICOM file") struct DICOMFileTests {
    @Test func reads() throws {
        let folder = repositoryRoot + "/.native/pydicom/test_files"
        for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        where name.hasSuffix("dcm") {
            do {
                let file = try DICOMFile(path: folder + "/" + name)
                print(name, file.transferSyntax, file.dataSet.elements.count)
            } catch { print("ERROR", error) }
        }
    }
}
