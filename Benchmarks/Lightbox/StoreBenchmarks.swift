import DICOM
import DICOMStore
import Foundation
import LightboxCore

/// An index of many instances without their files, which the store rows of `Benchmarks/run` search over HTTP.
enum StoreBenchmarks {
    private static let root = "1.2.826.0.1.3680043.8.498.1234567890123456789012345678."
    private static let instancesPerStudy = 10

    /// Fills the store `bench/index` of a home folder.
    static func fillIndex(of folder: String, count: Int) throws {
        let home = Home(path: folder)
        let store = try DICOMCatalog(home: home).store(DICOMStoreName("bench/index"), creating: true)
        let pattern = try InstanceRecord(of: DICOMFile(dataSet: slice))
        let part = 50_000
        for start in stride(from: 0, to: count, by: part) {
            try store.addRows(
                (start..<min(start + part, count)).lazy.map { number in
                    (record(number, from: pattern), ContentHash(of: "\(number)".utf8))
                })
        }
        let size = try FileManager.default.attributesOfItem(atPath: home.catalog)[.size] as? Int ?? 0
        report("index", Double(size) / Double(count), "B/instance")
    }

    private static let slice = DataSet([
        .text(.sopClassUID, "1.2.840.10008.5.1.4.1.1.2"), .text(.studyInstanceUID, "1.2"),
        .text(.seriesInstanceUID, "1.3"), .text(.sopInstanceUID, "1.4"), .text(.patientID, "P"),
        .text(.patientName, "A^B"), .text(.patientBirthDate, "19600101"), .text(.patientSex, "F"),
        .text(.studyDate, "20240101"), .text(.studyTime, "120000"), .text(.accessionNumber, "A"),
        .text(.studyDescription, "CT CHEST WITH CONTRAST"), .text(.studyID, "1"), .text(.modality, "CT"),
        .text(.seriesDescription, "Axial 1.0 mm"), .int(.seriesNumber, 1), .int(.instanceNumber, 1),
        .int(.rows, 512), .int(.columns, 512), .int(.bitsAllocated, 16), .text(.bodyPartExamined, "CHEST"),
    ])

    private static func record(_ number: Int, from pattern: InstanceRecord) -> InstanceRecord {
        let study = number / instancesPerStudy
        var record = pattern
        record.study.studyInstanceUID = "\(root)1.\(study)"
        record.study.patientID = "PAT\(study / 2)"
        record.study.patientName = "Family\(study % 5000)^Given\(study % 777)"
        record.study.accessionNumber = "ACC\(study)"
        record.study.studyDate = String(format: "20%02d%02d%02d", 10 + study % 15, 1 + study % 12, 1 + study % 28)
        record.series.seriesInstanceUID = "\(root)2.\(number / (instancesPerStudy / 2))"
        record.series.modality = ["CT", "MR", "DX"][study % 3]
        record.instance.sopInstanceUID = "\(root)3.\(number)"
        record.instance.instanceNumber = number % instancesPerStudy
        return record
    }
}
