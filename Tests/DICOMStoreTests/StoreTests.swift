import DICOM
import DICOMStore
import Foundation
import LightboxCore
import TestSupport
import Testing
import Warehouse

@Suite("DICOM store") struct DICOMStoreTests {
    static func filled<Result>(_ body: (DICOMStore, String) async throws -> Result) async throws -> Result {
        try await withStore { store, folder in
            let files = (0..<30).map { number in
                instanceBytes(
                    study: "1.2.\(number % 3)", series: "1.3.\(number % 6)", instance: "1.4.\(number)",
                    patient: "P\(number % 3)")
            }
            _ = try await store.ingest(write(files.shuffled(), in: folder))
            return try await body(store, folder)
        }
    }

    @Test("Pages come in the order of UIDs, each instance once", arguments: [1, 7, 30, 100])
    func pages(limit: Int) async throws {
        try await Self.filled { store, _ async throws in
            var met: [InstancePosition] = []
            while true {
                let page = try store.instances(after: met.last, limit: limit)
                met += page.map(\.position)
                if page.count < limit { break }
            }
            let keys = met.map { [$0.study, $0.series, $0.instance] }
            #expect(keys == keys.sorted { $0.lexicographicallyPrecedes($1) })
            #expect(Set(met).count == 30)
            var count = 0
            try store.forEachInstance { _ in count += 1 }
            #expect(count == 30)
        }
    }

    @Test(
        "Filters are exact",
        arguments: [
            (InstanceFilter(studyInstanceUID: "1.2.1"), 10), (InstanceFilter(seriesInstanceUID: "1.3.4"), 5),
            (InstanceFilter(sopInstanceUID: "1.4.29"), 1), (InstanceFilter(patientID: "P2"), 10),
            (InstanceFilter(modality: "DX"), 30),
            (InstanceFilter(modality: "CT"), 0), (InstanceFilter(accessionNumber: "A"), 0),
            (InstanceFilter(studyInstanceUID: "1.2.1", seriesInstanceUID: "1.3.0"), 0),
            (InstanceFilter(patientID: "P' OR 1=1 --"), 0), (.all, 30),
        ])
    func filters(filter: InstanceFilter, count: Int) async throws {
        try await Self.filled { store, _ async throws in
            #expect(try store.instances(matching: filter, limit: 100).count == count)
            #expect(try store.remove(filter) == count)
            #expect(try store.counts().instances == 30 - count)
            #expect(try await store.verify() == IngestTests.whole(30 - count))
            if count == 30 { #expect(try store.counts().studies == 0 && store.counts().series == 0) }
        }
    }

    @Test("The index gives back what the file says") func record() async throws {
        try await Self.filled { store, _ async throws in
            let stored = try #require(try store.instance("1.4.4"))
            #expect(stored.key == InstanceKey(study: "1.2.1", series: "1.3.4", instance: "1.4.4"))
            #expect(try stored.record == InstanceRecord(of: DICOMFile(path: stored.path)))
            #expect(stored.record.study.patientName == "Doe^Jane" && stored.record.instance.rows == 4)
            #expect(stored.record.instance.transferSyntaxUID == TransferSyntax.explicitVRLittleEndian.uid)
            #expect(try stored.contentHash == ContentHash(ofFile: stored.path))
            #expect(try store.instance("9.9") == nil)
        }
    }

    @Test("Verify finds what is missing, changed and left over") func verify() async throws {
        try await Self.filled { store, _ async throws in
            let paths = try store.instances(limit: 3).map(\.path)
            try FileManager.default.removeItem(atPath: paths[0])
            try Data([1, 2, 3]).write(to: URL(fileURLWithPath: paths[1]))
            let orphan = (paths[2] as NSString).deletingLastPathComponent + "/orphan.dcm"
            try Data([1]).write(to: URL(fileURLWithPath: orphan))
            let report = try await store.verify()
            #expect(report.missing == [paths[0]] && report.changed == [paths[1]] && report.orphaned == [orphan])
            #expect(report.intact == 28 && !report.isWhole)
            // What is in the index stays, whatever became of it.
            #expect(try await store.verify(removesUnknown: true) == report)
            #expect(!FileManager.default.fileExists(atPath: orphan))
            let after = try await store.verify(removesUnknown: true)
            #expect(after.orphaned.isEmpty && after.changed == report.changed && after.intact == 28)
        }
    }

    @Test("Verify finds no loss in a store that others add to and remove from") func verifyWhileOthersWrite()
        async throws
    {
        try await withStore { store, folder in
            let files = (0..<120).map { instanceBytes(instance: "1.4.\(1000 + $0)", pixel: UInt8($0)) }
            _ = try await store.ingest(try write(files, in: folder))
            // Called once, with 20 files of the page still to be looked at; another comes in where it has been.
            let report = try await store.verify(removesUnknown: true) { _ in
                _ = try? store.remove(InstanceFilter(sopInstanceUID: "1.4.1119"))
                _ = try? store.remove(InstanceFilter(sopInstanceUID: "1.4.1003"))
                let new = instanceBytes(study: "1.1", series: "1.1.1", instance: "1.1.1.1")
                _ = try? store.ingest(Bytes(new), from: "")
            }
            #expect(report == IngestTests.whole(119))
            #expect(try await store.verify() == IngestTests.whole(119))
        }
    }

    @Test("Stores are apart from one another, and go with their files") func stores() async throws {
        try await Self.filled { store, folder async throws in
            let other = try store.catalog.store(DICOMStoreName("other"), creating: true)
            #expect(try other.counts().instances == 0)
            #expect(try other.ingest(Bytes(instanceBytes(instance: "1.4.4", pixel: 3)), from: "") == .added)
            #expect(try store.catalog.stores().map(\.description) == ["d/s", "default/other"])
            #expect(throws: DICOMStoreError.self) { try store.catalog.store(DICOMStoreName("none")) }
            try store.catalog.delete(store.name)
            #expect(try store.catalog.stores().map(\.description) == ["default/other"])
            #expect(!FileManager.default.fileExists(atPath: folder + "/home/dicom/d/s"))
            #expect(try other.counts().instances == 1)
        }
    }

    @Test("Names that are no names", arguments: ["", "a/b/c", "../x", "a/..", "a b", "-a", "a/", "/a"])
    func names(text: String) {
        #expect(throws: DICOMStoreError.self) { try DICOMStoreName(text) }
    }
}

@Suite("Metadata table") struct MetadataTableTests {
    @Test("Has typed columns and the DICOM JSON") func columns() async throws {
        try await DICOMStoreTests.filled { store, folder async throws in
            let warehouse = try Warehouse(path: folder + "/w.db")
            let table = try TableName("d.meta")
            let date = Date(timeIntervalSince1970: 1_600_000_000)
            let report = try store.exportMetadata(
                to: warehouse, table: table, disposition: .truncate, at: date)
            #expect(report.written == 30 && report.problems.isEmpty)
            let row = try warehouse.query(
                """
                SELECT PatientID, StudyDate, StudyTime, InstanceNumber, Rows, PixelSpacing, ImageType, Modality,
                TransferSyntaxUID, json_extract(metadata, '$.00100010.Value[0].Alphabetic'), KVP FROM d.meta WHERE SOPInstanceUID = '1.4.4'
                """
            ).rows[0]
            #expect(
                row == [
                    .text("P1"), .text("2024-01-31"), .text("13:05:00"), 7, 4, .json("[0.5,0.25]"),
                    .json(#"["ORIGINAL","PRIMARY"]"#),
                    .text("DX"), .text("1.2.840.10008.1.2.1"), .text("Doe^Jane"), .null,
                ])
            let uids = try warehouse.query("SELECT SOPInstanceUID FROM d.meta ORDER BY rowid").rows
            #expect(try uids == store.instances(limit: 100).map { [.text($0.record.instance.sopInstanceUID)] })
            _ = try store.exportMetadata(
                to: warehouse, table: table, disposition: .append, matching: InstanceFilter(patientID: "P0"),
                at: date)
            #expect(try warehouse.rowCount(of: table) == 40)
            #expect(throws: WarehouseError.self) {
                try store.exportMetadata(to: warehouse, table: table, disposition: .failIfExists, at: date)
            }
        }
    }

    @Test("A file that is gone is listed, the rest is written") func missing() async throws {
        try await DICOMStoreTests.filled { store, folder async throws in
            let path = try #require(try store.instance("1.4.4")).path
            try FileManager.default.removeItem(atPath: path)
            let report = try store.exportMetadata(
                to: Warehouse(path: folder + "/w.db"), table: TableName("m"), disposition: .truncate, at: Date())
            #expect(report.written == 29 && report.problems.map(\.source) == [path])
        }
    }
}
