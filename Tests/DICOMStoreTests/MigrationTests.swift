import DICOM
import DICOMStore
import Database
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("Indexes of earlier versions") struct MigrationTests {
    @Test("The first one opens with all it had, and learns names and attributes from its files")
    func first() async throws {
        try await withAsyncTemporaryFolder { folder async throws in
            let home = try TestEngine.home(folder + "/home")
            try home.create()
            let bytes = instanceBytes(instance: "1.4.1", more: [.text(DICOM.Tag(0x0010, 0x4000), "calm", vr: .LT)])
            let hash = ContentHash(of: bytes)
            let place = "\(folder)/home/dicom/d/s/instances/\(hash.description.prefix(2))"
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            try Data(bytes).write(to: URL(fileURLWithPath: "\(place)/\(hash).dcm"))
            let tables = try SQLDatabase(home: home, file: home.catalog)
            try tables.migrate([DICOMCatalog.migrations(of: home)[0]])
            try tables.write { database in
                try database.script(
                    """
                    INSERT INTO dicom_store (id, dataset, name) VALUES (7, 'd', 's');
                    INSERT INTO dicom_study (id, store_id, study_uid, patient_id, patient_name, study_date)
                    VALUES (3, 7, '1.2.1', 'P1', 'Doe^Jane', '20240131');
                    INSERT INTO dicom_series (id, study, series_uid, modality) VALUES (4, 3, '1.2.1.1', 'DX');
                    """)
                let digest = stride(from: 0, to: 64, by: 2).map { start in
                    UInt8(hash.description.dropFirst(start).prefix(2), radix: 16) ?? 0
                }
                try database.execute(
                    """
                    INSERT INTO dicom_instance (store_id, series, sop_uid, transfer_syntax, content_hash, size)
                    VALUES (7, 4, '1.4.1', '1.2.840.10008.1.2.1', ?, ?)
                    """, [digest, bytes.count])
            }
            let catalog = try DICOMCatalog(home: home)
            #expect(try catalog.datasets().map(\.name) == ["d"])
            let store = try catalog.store(DICOMStoreName("d/s"))
            #expect(try await store.verify() == IngestTests.whole(1))
            #expect(try store.ingest(Bytes(bytes), from: "") == .unchanged)
            for term in [
                AttributeQuery.Term(.patientName, "doe*"), .init(DICOM.Tag(0x0010, 0x4000), "calm"),
                .init(.studyDate, "2024-"),
            ] {
                let found = try store.search(AttributeQuery(level: .study, terms: [term]))
                #expect(found.map { $0.string(.patientID) } == ["P1"], "\(term.path)")
            }
            let other = try catalog.store(DICOMStoreName("d/t"), creating: true)
            #expect(try other.counts().instances == 0 && store.counts().instances == 1)
            #expect(try other.ingest(Bytes(bytes), from: "") == .added)
        }
    }
}
