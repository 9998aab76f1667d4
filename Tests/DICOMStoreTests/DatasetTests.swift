import DICOMStore
import Database
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("Datasets and settings of stores") struct DatasetTests {
    private func withIndex(_ body: (DICOMCatalog) throws -> Void) throws {
        try withTemporaryFolder { try body(DICOMCatalog(home: TestEngine.home($0 + "/home"))) }
    }

    private func code(_ body: () throws -> Void) -> DICOMStoreError.Code? {
        do { try body() } catch { return (error as? DICOMStoreError)?.code }
        return nil
    }

    @Test func aDatasetIsMadeChangedAndDeleted() throws {
        try withIndex { catalog in
            let date = Date(timeIntervalSince1970: 1_800_000_000)
            let made = try catalog.createDataset("d", .init(timeZone: "Europe/Berlin"), at: date)
            #expect(made.created == date && made.settings.timeZone == "Europe/Berlin")
            #expect(code { try catalog.createDataset("d", at: date) } == .datasetExists)
            #expect(code { try catalog.createDataset("a/b", at: date) } == .invalidName)
            #expect(code { try catalog.createDataset("", at: date) } == .invalidName)
            #expect(try catalog.changeDataset("d") { $0.timeZone = "" }.settings.timeZone == "")
            #expect(try catalog.datasets().map(\.name) == ["d"])
            try catalog.deleteDataset("d")
            #expect(code { _ = try catalog.dataset("d") } == .noSuchDataset)
            #expect(code { try catalog.deleteDataset("d") } == .noSuchDataset)
        }
    }

    @Test func aStoreThatIsMadeByItsNameHasItsDataset() throws {
        try withIndex { catalog in
            _ = try catalog.store(DICOMStoreName("d/s"), creating: true)
            #expect(try catalog.dataset("d").name == "d")
            #expect(try catalog.stores(of: "d").map(\.name.store) == ["s"])
            #expect(code { _ = try catalog.createStore(DICOMStoreName("d/s")) } == .storeExists)
            #expect(code { _ = try catalog.createStore(DICOMStoreName("none/s")) } == .noSuchDataset)
            #expect(code { _ = try catalog.stores(of: "none") } == .noSuchDataset)
        }
    }

    @Test func settingsOfAStoreAreKept() throws {
        try withIndex { catalog in
            try catalog.createDataset("d", at: Date())
            let name = try DICOMStoreName("d/s")
            let settings = DICOMStoreSettings(
                labels: ["kind": "test"], documents: ["notificationConfig": #"{"pubsubTopic":"t"}"#])
            _ = try catalog.createStore(name, settings)
            #expect(try catalog.settings(of: name) == settings)
            #expect(try catalog.changeSettings(of: name) { $0.labels = [:] }.labels.isEmpty)
            #expect(try DICOMCatalog(home: catalog.home).settings(of: name).documents == settings.documents)
        }
    }

    @Test("A dataset goes with its stores and their files; another store of the name has nothing of them")
    func deletesWithFiles() async throws {
        try await withStore { store, folder in
            let paths = try write(
                [instanceBytes(instance: "1.2.3"), instanceBytes(instance: "1.2.4")], in: folder)
            _ = try await store.ingest(paths)
            let other = try store.catalog.store(DICOMStoreName("d/t"), creating: true)
            _ = try await other.ingest(paths)
            try store.catalog.delete(other.name)
            #expect(try store.counts().instances == 2)
            #expect(try store.catalog.deleteDataset("d") == [store.name])
            #expect(try FileTree.files(below: folder + "/home/dicom").isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/home/dicom") == ["d"])
            let again = try store.catalog.store(store.name, creating: true)
            #expect(try again.counts().instances == 0)
            #expect(try await again.ingest(paths).written == 2)
            // Who still holds the deleted one meets nothing of the new one.
            #expect(try store.counts().instances == 0)
        }
    }

    @Test("Files of a store whose deletion a crash cut short go with the next look at the catalogue")
    func finishesDeletion() async throws {
        try await withStore { store, folder in
            let paths = try write([instanceBytes(instance: "1.2.3")], in: folder)
            _ = try await store.ingest(paths)
            let other = try store.catalog.store(DICOMStoreName("d/t"), creating: true)
            _ = try await other.ingest(paths)
            try store.catalog.forget(store.name)
            #expect(try FileTree.files(below: folder + "/home/dicom").count == 2)
            _ = try DICOMCatalog(home: store.catalog.home)
            #expect(try FileTree.files(below: folder + "/home/dicom") == FileTree.files(below: other.root))
            #expect(try FileTree.files(below: other.root).count == 1)
            // A store whose row is gone for another reason keeps its files: an index that was lost is no deletion.
            if let address = store.catalog.home.settings.database {
                try SQLDatabase(postgres: address).write { try $0.execute("DELETE FROM dicom_store") }
            }
            for name in try FileManager.default.contentsOfDirectory(atPath: folder + "/home")
            where name.hasPrefix("catalog.db") {
                try FileManager.default.removeItem(atPath: folder + "/home/" + name)
            }
            let again = try DICOMCatalog(home: store.catalog.home)
            #expect(try FileTree.files(below: other.root).count == 1)
            #expect(try await again.store(other.name, creating: true).ingest(paths).written == 1)
        }
    }

    @Test("A new store inherits nothing from a deleted one of its name, even when its files are still there")
    func inheritsNothing() async throws {
        try await withStore { store, folder in
            _ = try await store.ingest(try write([instanceBytes(instance: "1.2.3")], in: folder))
            try store.catalog.forget(store.name)
            let new = try store.catalog.store(store.name, creating: true)
            #expect(try FileTree.files(below: new.root).isEmpty)
            _ = try await new.ingest(try write([instanceBytes(instance: "1.2.4")], in: folder))
            _ = try DICOMCatalog(home: store.catalog.home)
            #expect(try await new.verify() == IngestTests.whole(1))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/home/dicom") == ["d"])
        }
    }

    @Test("Stores can be deleted from many threads and processes at once") func deletesAtOnce() async throws {
        try await withStore { store, folder in
            let paths = try write((0..<20).map { instanceBytes(instance: "1.2.\($0)") }, in: folder)
            let names = try (0..<16).map { try DICOMStoreName("d/s\($0)") }
            for name in names { _ = try await store.catalog.store(name, creating: true).ingest(paths) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in names {
                    let catalog = try DICOMCatalog(home: store.catalog.home)
                    group.addTask { try await onOwnThread { try catalog.delete(name) } }
                }
                try await group.waitForAll()
            }
            #expect(try store.catalog.stores() == [store.name])
            #expect(try FileTree.files(below: folder + "/home/dicom").isEmpty)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/home/dicom") == ["d"])
        }
    }

    @Test func countsOfAStudyAndASeries() async throws {
        try await withStore { store, folder in
            let files = [
                instanceBytes(study: "1.1", series: "1.1.1", instance: "1.1.1.1"),
                instanceBytes(study: "1.1", series: "1.1.1", instance: "1.1.1.2"),
                instanceBytes(study: "1.1", series: "1.1.2", instance: "1.1.2.1"),
                instanceBytes(study: "1.2", series: "1.2.1", instance: "1.2.1.1"),
            ]
            _ = try await store.ingest(try write(files, in: folder))
            let study = try store.counts(of: InstanceFilter(studyInstanceUID: "1.1"))
            #expect((study.studies, study.series, study.instances) == (1, 2, 3))
            #expect(study.bytes == files.prefix(3).reduce(0) { $0 + $1.count })
            let series = try store.counts(of: InstanceFilter(seriesInstanceUID: "1.1.1"))
            #expect((series.studies, series.series, series.instances) == (1, 1, 2))
            #expect(try store.counts(of: .all).instances == 4)
            #expect(try store.counts(of: InstanceFilter(studyInstanceUID: "9")).instances == 0)
            var cursor = InstanceCursor(
                store,
                matchingAny: [InstanceFilter(seriesInstanceUID: "1.1.2"), InstanceFilter(studyInstanceUID: "1.2")])
            var found: [String] = []
            while let instance = try cursor.next() { found.append(instance.record.instance.sopInstanceUID) }
            #expect(found == ["1.1.2.1", "1.2.1.1"])
        }
    }
}
