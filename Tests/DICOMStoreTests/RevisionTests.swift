import DICOM
import DICOMStore
import Foundation
import LightboxCore
import Synchronization
import TestSupport
import Testing

@Suite("Revisions") struct RevisionTests {
    private static func outcomes(of paths: [String], in store: DICOMStore) async throws -> [String] {
        let seen = Mutex<[String]>([])
        _ = try await store.ingest(paths, outcome: { _, outcome in seen.withLock { $0.append("\(outcome)") } })
        return seen.withLock { $0 }
    }

    @Test("A store that keeps them takes different files under one UID, the newest in front")
    func keeps() async throws {
        try await withStore { store, folder async throws in
            _ = try store.catalog.changeSettings(of: store.name) { $0.keepsRevisions = true }
            let files = [
                instanceBytes(instance: "1.1"), instanceBytes(instance: "1.1", pixel: 9),
                instanceBytes(study: "1.9", series: "1.9.1", instance: "1.1", patient: "P2", pixel: 7),
            ]
            let paths = try write(files, in: folder)
            #expect(try await Self.outcomes(of: paths, in: store) == ["added", "revised", "revised"])
            #expect(try await Self.outcomes(of: [paths[2]], in: store) == ["unchanged"])
            let instance = try #require(try store.instance("1.1"))
            #expect(try Data(contentsOf: URL(fileURLWithPath: instance.path)) == Data(files[2]))
            #expect(instance.record.study.studyInstanceUID == "1.9" && instance.record.study.patientID == "P2")
            let counts = try store.counts()
            #expect(counts.studies == 1 && counts.series == 1 && counts.instances == 1)
            let revisions = try store.revisions(of: "1.1")
            #expect(
                try revisions.map { try Data(contentsOf: URL(fileURLWithPath: $0.path)) }
                    == [Data(files[0]), Data(files[1])])
            #expect(try await store.verify() == IngestTests.whole(1))
            #expect(try incomingFiles(folder).isEmpty)
        }
    }

    @Test("They go with their instance, and a damaged one is found") func ends() async throws {
        try await withStore { store, folder async throws in
            _ = try store.catalog.changeSettings(of: store.name) { $0.keepsRevisions = true }
            let paths = try write(
                [instanceBytes(instance: "1.1"), instanceBytes(instance: "1.1", pixel: 9)], in: folder)
            _ = try await store.ingest(paths)
            let old = try #require(try store.revisions().first?.path)
            try Data("damaged".utf8).write(to: URL(fileURLWithPath: old))
            #expect(try await store.verify().changed == [old])
            #expect(try store.remove(InstanceFilter(sopInstanceUID: "1.1")) == 1)
            #expect(try store.revisions().isEmpty && !FileManager.default.fileExists(atPath: old))
            #expect(try await store.verify() == IngestTests.whole(0))
        }
    }

    @Test("A store that keeps none refuses them") func refuses() async throws {
        try await withStore { store, folder async throws in
            let paths = try write(
                [instanceBytes(instance: "1.1"), instanceBytes(instance: "1.1", pixel: 9)], in: folder)
            #expect(try await Self.outcomes(of: paths, in: store) == ["added", "conflict"])
            #expect(try store.revisions().isEmpty)
        }
    }
}
