import DICOM
import DICOMStore
import Deidentification
import Foundation
import Imaging
import LightboxCore
import Pipelines
import PlantedFiles
import TestSupport
import Testing
import Warehouse
import WireFormats

/// What is made of de-identified files: pictures, records, tables, reports.
@Suite("Planted secrets on their walk") struct PlantedWalkTests {
    private static let settings: [(ConfidentialityProfile, Set<ConfidentialityOption>)] = [
        (.basic, []),
        (.basic, [.cleanDescriptors, .cleanGraphics, .cleanStructuredContent, .retainSafePrivate]),
        (.minimal, []),
    ]

    /// Everything that the walk leaves, one text or file each, with a name to find it by.
    private struct Traces {
        var texts: [(name: String, bytes: [UInt8])] = []

        mutating func add(_ name: String, _ text: String) { texts.append((name, Array(text.utf8))) }

        mutating func add(_ report: StageReport) throws { add("report of \(report.stage)", "\(report)") }

        /// A file's name and bytes, and what stands in it behind a compression.
        mutating func add(file path: String, below folder: String) throws {
            let name = String(path.dropFirst(folder.count))
            add("name of \(name)", name)
            let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
            texts.append((name, bytes))
            switch (path as NSString).pathExtension {
            case "dcm":
                let dataSet = try DICOMFile(bytes: Bytes(bytes)).dataSet
                texts.append((name + ", inflated", try dataSet.serialized(as: .explicitVRLittleEndian)))
            case "png", "jpg": texts.append((name + ", decoded", try PlantedWalkTests.samples(of: bytes)))
            default: break
            }
        }
    }

    fileprivate static func samples(of bytes: [UInt8]) throws -> [UInt8] {
        guard case .uint8(let samples) = try ImageFile.decode(Bytes(bytes)).samples else { return [] }
        return samples
    }

    @Test("None is left in any store, export, record, table or report", arguments: settings)
    func nothingIsLeft(profile: ConfidentialityProfile, options: Set<ConfidentialityOption>) throws {
        try withTemporaryFolder { folder in
            var secrets: [PlantedFile.Secret] = []
            for number in 0..<200 {
                let source = try PlantedFile(number: number)
                secrets += source.secrets
                let path = folder + source.path
                try FileManager.default.createDirectory(
                    atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                try Data(source.bytes).write(to: URL(fileURLWithPath: path))
            }
            let context = StageContext(home: Home(path: folder + "/home"), threads: 2)
            let deidentifier = try Deidentifier(profile: profile, options: options, key: .init(Array(0..<32)))
            let traces = try walk(from: folder + "/archive", deidentifier, context)
            let search = SecretSearch(secrets)
            for (name, bytes) in traces.texts {
                for secret in search.found(in: bytes) {
                    Issue.record("\(name): the secret of \(secret.place) is left")
                }
            }
        }
    }

    private func walk(
        from source: String, _ deidentifier: Deidentifier, _ context: StageContext
    ) throws -> Traces {
        var traces = Traces()
        let store = try DICOMCatalog(home: context.home).store(DICOMStoreName("shared"), creating: true)
        var deidentify = DeidentifyStage(deidentifier)
        deidentify.correspondencePath = source + "/names.csv"
        let result = try deidentify.run([source + "/**.dcm"], to: .store(store), context)
        #expect(result.report.written == 200)
        try traces.add(result.report)
        traces.add("findings", "\(result.findings)")
        // Beside the store in the same home; the streams of two fifths cannot be decoded, or are no images.
        let output = context.home.path + "/output"
        for format in ExportStage.Format.allCases {
            var export = ExportStage()
            export.format = format
            let report = try export.run(store, to: "\(output)/\(format)", context)
            #expect(report.written >= (format == .dicom ? 200 : 80))
            try traces.add(report)
        }
        for encoding in RecordsStage.Encoding.allCases {
            var records = RecordsStage()
            records.encoding = encoding
            let report = try records.run(.store("shared"), output: "\(output)/\(encoding)", context)
            #expect(report.written == 80)
            try traces.add(report)
        }
        let metadata = try MetadataStage().run(store, table: "scans", context)
        #expect(metadata.written == 200)
        try traces.add(metadata)
        traces.add("table", "\(try Warehouse(home: context.home).query("SELECT * FROM scans").rows)")
        for path in try FileTree.files(below: context.home.path) {
            try traces.add(file: path, below: context.home.path)
        }
        return traces
    }
}
