import DICOM
import DICOMStore
import Foundation
import LightboxCore
import TestSupport

/// A small instance as a file's bytes: explicit little endian, 4 × 4 pixels; its UIDs need not be valid.
func instanceBytes(
    study: String = "1.2.1", series: String = "1.2.1.1", instance: String?, patient: String = "P1",
    pixel: UInt8 = 0,
    more: [Element] = []
) -> [UInt8] {
    var elements = [
        Element.text(.sopClassUID, "1.2.840.10008.5.1.4.1.1.7"), .text(.studyInstanceUID, study),
        .text(.seriesInstanceUID, series), .text(.patientID, patient), .text(.patientName, "Doe^Jane"),
        .text(.modality, "DX"), .text(.studyDate, "20240131"), .text(.studyTime, "1305"), .int(.instanceNumber, 7),
        .int(.rows, 4), .int(.columns, 4), .double(.pixelSpacing, 0.5, 0.25),
        .text(.imageType, "ORIGINAL", "PRIMARY"),
        .bytes(.pixelData, Array(repeating: pixel, count: 16), vr: .OW),
    ]
    if let instance { elements.append(.text(.sopInstanceUID, instance)) }
    guard let bytes = try? DICOMFile(dataSet: DataSet(elements + more)).serialized() else {
        preconditionFailure("a plain data set can be written")
    }
    return bytes
}

/// Files in a folder beside a home of its own, gone after `body`.
func withStore<Result>(
    _ body: (_ store: DICOMStore, _ folder: String) async throws -> Result
) async throws -> Result {
    try await withAsyncTemporaryFolder { folder in
        try FileManager.default.createDirectory(atPath: folder + "/in", withIntermediateDirectories: true)
        let catalog = try DICOMCatalog(home: TestEngine.home(folder + "/home"))
        return try await body(catalog.store(DICOMStoreName("d/s"), creating: true), folder)
    }
}

/// Writes instances into `folder/in` and gives their paths.
func write(_ files: [[UInt8]], in folder: String, prefix: String = "f") throws -> [String] {
    try files.enumerated().map { index, bytes in
        let path = "\(folder)/in/\(prefix)\(index).dcm"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }
}

/// Whether index and files agree but for orphans, and nothing half-written is left.
func isConsistent(_ store: DICOMStore) async throws -> Bool {
    let report = try await store.verify()
    return try report.missing.isEmpty && report.changed.isEmpty && report.intact == store.counts().instances
}

func incomingFiles(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder + "/home/dicom/d/s/incoming")
}
