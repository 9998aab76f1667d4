import DICOM
import DICOMStore
import Foundation
import LightboxCore
import Warehouse

/// Prints how fast the warehouse loads and searches, and how fast the store takes files in and describes them.
/// Arguments: vectors, numbers in each, DICOM files, pixels along an edge, rows of a generated index
/// (10000 2048 3000 64 100000).
let arguments = CommandLine.arguments.dropFirst().compactMap(Int.init)
let count = arguments.first ?? 10_000
let length = arguments.dropFirst().first ?? 2048
let fileCount = arguments.dropFirst(2).first ?? 3000
let edge = arguments.dropFirst(3).first ?? 64
let rowCount = arguments.dropFirst(4).first ?? 100_000

@discardableResult func time<Result>(_ name: String, items: Int? = nil, _ body: () async throws -> Result)
    async rethrows -> Result
{
    let clock = ContinuousClock()
    let start = clock.now
    let result = try await body()
    let seconds = (clock.now - start) / .seconds(1)
    let rate = items.map { ", \(Int(Double($0) / seconds)) a second" } ?? ""
    print("\(name): \((seconds * 1000).rounded()) ms\(rate)")
    return result
}

func writeVectors(to path: String) throws {
    var random = SeededGenerator(seed: 1)
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    for number in 0..<count {
        let values = (0..<length).map { _ in "\(Float(random.uniform()))" }.joined(separator: ", ")
        try file.write(
            contentsOf: Data(
                "{\"study\": \"1.2.\(number / 10)\", \"instance\": \"1.2.3.\(number)\", \"feature_vector\": [\(values)]}\n"
                    .utf8))
    }
    try file.close()
}

let folder = FileManager.default.temporaryDirectory.path + "/lightbox-benchmark-\(UUID().uuidString)"
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: folder) }
try writeVectors(to: folder + "/vectors.jsonl")

let warehouse = try Warehouse(path: folder + "/warehouse.db")
let table = try TableName("features")
let source = Provenance(source: "vectors.jsonl")
try await time("parse \(count) lines of \(length) numbers") {
    var sum = 0
    try JSONLineRows(path: folder + "/vectors.jsonl").forEachRow { row, _ in sum += row.cells.count }
}
try await time("load them into SQLite, parsing included") {
    try warehouse.load(
        JSONLineRows(path: folder + "/vectors.jsonl"), into: table, disposition: .truncate, from: source,
        at: Date())
}
let sql = """
    SELECT instance, cosine_similarity(feature_vector, (SELECT feature_vector FROM features WHERE instance = ?)) AS likeness
    FROM features ORDER BY likeness DESC LIMIT 10
    """
for round in 1...3 {
    try await time("cosine top 10, round \(round)") { try warehouse.query(sql, [.text("1.2.3.\(round)")]) }
}

func writeInstances(into folder: String) throws -> [String] {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return try (0..<fileCount).map { number in
        let path = "\(folder)/\(number).dcm"
        let dataSet = DataSet([
            .text(.sopClassUID, "1.2.840.10008.5.1.4.1.1.2"),
            .text(.sopInstanceUID, "1.2.826.0.1.3680043.9.\(number)"),
            .text(.studyInstanceUID, "1.2.826.0.1.3680043.7.\(number / 100)"),
            .text(.seriesInstanceUID, "1.2.826.0.1.3680043.8.\(number / 50)"),
            .text(.patientID, "P\(number / 100)"),
            .text(.patientName, "Benchmark^Patient"), .text(.modality, "CT"), .text(.studyDate, "20240131"),
            .int(.instanceNumber, number), .int(.rows, edge), .int(.columns, edge), .int(.bitsAllocated, 16),
            .int(.bitsStored, 12), .int(.samplesPerPixel, 1), .text(.photometricInterpretation, "MONOCHROME2"),
            .double(.pixelSpacing, 0.5, 0.5), .double(.windowCenter, 40), .double(.windowWidth, 400),
            .bytes(
                .pixelData, Array(repeating: UInt8(truncatingIfNeeded: number), count: edge * edge * 2), vr: .OW),
        ])
        try Data(DICOMFile(dataSet: dataSet).serialized()).write(to: URL(fileURLWithPath: path))
        return path
    }
}

let paths = try writeInstances(into: folder + "/in")
let catalog = try DICOMCatalog(home: Home(path: folder + "/home"))
let store = try catalog.store(DICOMStoreName("benchmark"), creating: true)
let added = try await time("ingest \(fileCount) files of \(edge) × \(edge)", items: fileCount) {
    try await store.ingest(paths)
}
let again = try await time("ingest them again", items: fileCount) { try await store.ingest(paths) }
precondition(added.written == fileCount && again.unchanged == fileCount)
try await time("export their metadata", items: fileCount) {
    try await store.exportMetadata(to: warehouse, table: TableName("metadata"), disposition: .truncate, at: Date())
}

/// A large index: studies of 100 images in two series.
func generatedRecord(_ number: Int, like first: InstanceRecord) -> (InstanceRecord, ContentHash) {
    var record = first
    record.study.studyInstanceUID = "1.2.826.0.1.3680043.8.498.1234567890123456789012345.\(number / 100)"
    record.study.patientID = "PATIENT\(number / 300)"
    record.series.seriesInstanceUID = "1.2.826.0.1.3680043.8.498.9876543210987654321098765.\(number / 50)"
    record.instance.sopInstanceUID = "1.2.826.0.1.3680043.8.498.5555555555555555555555555.\(number)"
    return (record, withUnsafeBytes(of: number) { ContentHash(of: $0) })
}

let large = try DICOMCatalog(home: Home(path: folder + "/large")).store(DICOMStoreName("large"), creating: true)
let example = try InstanceRecord(of: DICOMFile(path: paths[0]))
try await time("index \(rowCount) rows", items: rowCount) {
    for start in stride(from: 0, to: rowCount, by: 100_000) {
        let numbers = start..<min(rowCount, start + 100_000)
        try large.addRows(numbers.lazy.map { generatedRecord($0, like: example) })
    }
}
let size = try FileManager.default.attributesOfItem(atPath: folder + "/large/catalog.db")[.size] as? Int ?? 0
print("index: \(size / rowCount) bytes an instance")
var random = SeededGenerator(seed: 2)
let someRecords = (0..<1000).map { _ in
    generatedRecord(Int.random(in: 0..<rowCount, using: &random), like: example).0
}
try await time("find 1000 instances by UID", items: 1000) {
    for record in someRecords {
        let found = try large.instance(record.instance.sopInstanceUID)
        precondition(found?.record.study.patientID == record.study.patientID)
    }
}
try await time("find 100 patients' instances", items: 100) {
    for record in someRecords.prefix(100) {
        let filter = InstanceFilter(patientID: record.study.patientID)
        let found = try large.instances(matching: filter, limit: 1000)
        precondition(!found.isEmpty)
    }
}
try await time("a page of 100 from the middle") {
    try large.instances(after: generatedPosition(rowCount / 2), limit: 100)
}

func generatedPosition(_ number: Int) -> InstancePosition {
    let record = generatedRecord(number, like: example).0
    return InstancePosition(
        study: record.study.studyInstanceUID, series: record.series.seriesInstanceUID,
        instance: record.instance.sopInstanceUID)
}
