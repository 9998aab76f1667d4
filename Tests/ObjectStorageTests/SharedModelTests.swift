import Catalog
import Foundation
import LightboxCore
import ObjectStorage
import Synchronization
import TestSupport
import Testing

/// Versions of models whose files stand in a bucket.
@Suite("Models in object storage") struct SharedModelTests {
    private func withModel(_ body: (SharedHomes, ModelCatalog) throws -> Void) throws {
        let bucket = MemoryBucket()
        let server = FaultyServer { request, _ in bucket.answer(request) }
        defer { server.stop() }
        try withTemporaryFolder { folder in
            let homes = SharedHomes(bucket: bucket, server: server, folder: folder)
            for (name, text) in [("model.onnx", "weights"), ("variables/index", "numbers")] {
                let path = "\(folder)/source/\(name)"
                try FileManager.default.createDirectory(
                    atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            }
            let catalog = try ModelCatalog(home: homes.home("first"))
            try catalog.createModel("m")
            try body(homes, catalog)
        }
    }

    private func make(_ name: String, _ homes: SharedHomes, _ catalog: ModelCatalog) throws -> CatalogOperation {
        let operation = try catalog.beginVersion(name, of: "m", .init(source: homes.folder + "/source"))
        return try catalog.deployBlocking(operation) { (folder: String) throws in
            // Tried where it will be read, before anybody else can see it.
            #expect(homes.bucket.keys.isEmpty && (folder as NSString).lastPathComponent == name)
            #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/model.onnx")) == Data("weights".utf8))
        }
    }

    /// Another server: the same registry, nothing at hand.
    private func second(_ homes: SharedHomes, _ catalog: ModelCatalog) throws -> ModelCatalog {
        let home = try homes.home("second-\(UUID().uuidString.prefix(4))")
        try home.create()
        guard !TestEngine.isPostgres else { return try ModelCatalog(home: home) }
        for ending in ["", "-wal"] where FileManager.default.fileExists(atPath: catalog.home.catalog + ending) {
            try FileManager.default.copyItem(atPath: catalog.home.catalog + ending, toPath: home.catalog + ending)
        }
        return try ModelCatalog(home: home)
    }

    @Test("A version that one server makes another reads, each file brought once and compared with its hash")
    func shared() throws {
        try withModel { homes, catalog in
            guard case .version = try make("v1", homes, catalog).outcome else {
                throw CocoaError(.featureUnsupported)
            }
            #expect(homes.bucket.keys == ["ward/models/m/v1/model.onnx", "ward/models/m/v1/variables/index"])
            #expect(!FileManager.default.fileExists(atPath: catalog.home.models + "/m"))
            let other = try second(homes, catalog)
            let version = try other.servable("m")
            _ = homes.bucket.asked()
            DispatchQueue.concurrentPerform(iterations: 8) { _ in _ = try? other.folder(of: version) }
            let folder = try other.folder(of: version)
            #expect(folder.hasPrefix(other.home.versions) && folder.hasSuffix("/v1"))
            #expect(
                try Data(contentsOf: URL(fileURLWithPath: folder + "/variables/index")) == Data("numbers".utf8))
            #expect(homes.bucket.asked().filter { $0.hasPrefix("GET") }.count == 2)
            #expect(try other.changedFiles(of: version).isEmpty)
            #expect(try other.place(of: version) == "s3://b/ward/models/m/v1")
        }
    }

    @Test("A file that was changed in the bucket is an error, and no half folder stays") func changed() throws {
        try withModel { homes, catalog in
            _ = try make("v1", homes, catalog)
            homes.bucket.objects.withLock {
                $0["ward/models/m/v1/model.onnx"] = .init(bytes: Array("other!!".utf8))
            }
            let other = try second(homes, catalog)
            let version = try other.servable("m")
            #expect(throws: FileFailure.self) { try other.folder(of: version) }
            #expect((try? FileManager.default.contentsOfDirectory(atPath: other.home.versions)) == [])
            #expect(try other.changedFiles(of: version) == ["model.onnx"])
        }
    }

    @Test("A version that fails leaves no object; one that is deleted takes its objects along") func removal()
        throws
    {
        struct Refused: Error {}
        try withModel { homes, catalog in
            let failing = try catalog.beginVersion("v1", of: "m", .init(source: homes.folder + "/source"))
            let ended = try catalog.deployBlocking(failing) { _ in throw Refused() }
            guard case .failed = ended.outcome else { throw CocoaError(.featureUnsupported) }
            #expect(homes.bucket.keys.isEmpty)
            homes.bucket.misbehave { method, key in
                method == "PUT" && key.hasSuffix("index") ? .init(status: 403) : nil
            }
            let half = try catalog.beginVersion("v2", of: "m", .init(source: homes.folder + "/source"))
            guard case .failed = try catalog.deployBlocking(half, warm: { _ in }).outcome else {
                throw CocoaError(.featureUnsupported)
            }
            #expect(homes.bucket.keys.isEmpty)
            homes.bucket.misbehave(nil)
            _ = try make("v3", homes, catalog)
            #expect(homes.bucket.keys.count == 2)
            for name in ["v1", "v2", "v3"] { _ = try catalog.deleteVersion(name, of: "m") }
            #expect(homes.bucket.keys.isEmpty)
        }
    }
}
