import Foundation
import LightboxCore
import Synchronization
import TestSupport
import Testing

@Suite("Paths of objects elsewhere") struct RemoteFilesTests {
    @Test(
        "Every address has a path of its own, and comes back",
        arguments: [
            "s3://b/a.png", "gs://b/a/b/c", "s3://b//a", "s3://b/a//b/", "s3://b/a/", "gs://b", "gs://b/",
            "s3://b/50%/x",
            "s3://b/%2E%2E/x", "s3://b/../x", "s3://b/./x", "s3://b/%", "s3://b/…/ü ?#",
            "https://h:80/a/b.png?x=/../y",
        ])
    func roundTrip(address: String) throws {
        let path = try #require(RemotePath.path(of: address, below: "/h/objects"))
        #expect(RemotePath.address(of: path, below: "/h/objects") == address)
        let parts = path.split(separator: "/")
        #expect(!parts.contains("..") && !parts.contains("."))
        #expect(path.hasPrefix("/h/objects/"))
    }

    @Test("A web address's query stays out of its path")
    func query() throws {
        let path = try #require(RemotePath.path(of: "https://h/a?X-Amz-Signature=secret", below: "/h/objects"))
        #expect(!path.contains("secret"))
        let error = #expect(throws: HomeError.self) {
            try Home(path: "/h").localPath(of: "https://h/../a?X-Amz-Signature=secret")
        }
        #expect(error.map { !"\($0)".contains("secret") } == true)
    }

    @Test("A configured service takes the place of the home's buckets")
    func configured() throws {
        var settings = HomeSettings()
        settings.storage.s3.endpoint = "http://127.0.0.1:9"
        let home = Home(path: "/data/h", settings: settings)
        #expect(try home.localPath(of: "s3://b/a.png") == "/data/h/objects/s3/b/a.png")
        #expect(try home.localPath(of: "gs://b/a.png") == "/data/h/buckets/b/a.png")
        #expect(try home.localPath(of: "https://h/a.png") == "/data/h/objects/https/h/a.png")
        #expect(home.address(of: "/data/h/objects/s3/b/a.png") == "s3://b/a.png")
        for hostile in ["s3://b/../c", "s3://b/./c", "s3://../c", "https://h/../c", "s3://b/a\0"] {
            #expect(throws: HomeError.self) { try home.localPath(of: hostile) }
        }
    }

    @Test("Where servers keep their files is told from what only begins alike") func sharedPlace() {
        var settings = HomeSettings()
        #expect(!Home(path: "/h", settings: settings).isShared("s3://b/ward"))
        settings.files = "s3://b/ward"
        let home = Home(path: "/h", settings: settings)
        for address in ["s3://b/ward", "s3://b/ward/", "s3://b/ward/models/m/v1/x"] {
            #expect(home.isShared(address))
        }
        for address in ["s3://b/ward2/x", "s3://b/x", "gs://b/ward/x", "s3://b//ward/x", "/b/ward"] {
            #expect(!home.isShared(address))
        }
    }

    /// Objects in memory.
    private final class Memory: RemoteFolder {
        let folder: String
        let objects = Mutex<[String: [UInt8]]>([:])

        init(_ folder: String) { self.folder = folder }

        func file(of path: String) throws -> String {
            guard let bytes = objects.withLock({ $0[path] }) else { throw FileFailure(path: path, errno: ENOENT) }
            let copy = folder + "/copy-" + UUID().uuidString
            try Data(bytes).write(to: URL(fileURLWithPath: copy))
            return copy
        }
        func files(at path: String) -> [String] {
            objects.withLock { $0.keys.filter { $0.hasPrefix(path) }.sorted() }
        }
        func names(in path: String) -> [String] {
            files(at: path + "/").map { String($0.dropFirst(path.count + 1).prefix { $0 != "/" }) }
        }
        func status(of path: String) -> (size: Int, stamp: String)? {
            objects.withLock { $0[path].map { ($0.count, ContentHash(of: $0).description) } }
        }
        func put(_ file: String, as path: String) throws {
            let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: file)))
            objects.withLock { $0[path] = bytes }
        }
        func remove(_ path: String) { objects.withLock { $0[path] = nil } }
    }

    /// A home whose buckets are in memory.
    private func withMemory(_ body: (_ folder: String, Home, Memory) throws -> Void) throws {
        try withTemporaryFolder { folder in
            var settings = HomeSettings()
            settings.storage.s3.endpoint = "http://127.0.0.1:9"
            settings.storage.gs.endpoint = "http://127.0.0.1:9"
            let home = Home(path: folder + "/home", settings: settings)
            let memory = Memory(folder)
            RemoteFiles.mount(at: home.objects) { memory }
            try body(folder, home, memory)
        }
    }

    @Test("What is written through stages' own means becomes an object, and is read as one")
    func through() throws {
        try withMemory { folder, home, memory in
            let path = try home.localPath(of: "s3://b/d/a.bin")
            #expect(!RemoteFiles.exists(path))
            try AtomicFile.write([1, 2, 3], to: path)
            #expect(memory.objects.withLock { $0[path] } == [1, 2, 3])
            // Nothing stays where it was written first.
            let left = try FileManager.default.contentsOfDirectory(
                atPath: (path as NSString).deletingLastPathComponent)
            #expect(left.isEmpty)
            #expect(try Bytes(MappedFile(path: path)).array == [1, 2, 3])
            #expect(try ContentHash(ofFile: path) == ContentHash(of: [1, 2, 3]))
            #expect(try home.files(at: "s3://b/d") == [path])
            #expect(RemoteFiles.isFolder(try home.localPath(of: "s3://b/d")) && !RemoteFiles.isFolder(path))
            let error = #expect(throws: FileFailure.self) {
                try MappedFile(path: home.localPath(of: "s3://b/none"))
            }
            #expect(error?.description.hasPrefix("s3://b/none: ") == true)
            let problem = StageReport.Problem(source: path, error: FileFailure(path: path, errno: EIO))
            #expect(problem.source == "s3://b/d/a.bin" && !problem.reason.contains(folder))
            let fetched = try home.fetched("s3://b/d")
            #expect(try Bytes(MappedFile(path: fetched + "/a.bin")).array == [1, 2, 3])
            try RemoteFiles.remove(path)
            #expect(!RemoteFiles.exists(path))
        }
    }

    @Test("An output folder is made here and sent whole")
    func outputFolder() throws {
        try withMemory { folder, home, memory in
            let run = try home.outputFolder(of: "gs://b/run")
            #expect(run == folder + "/home/outgoing/gs/b/run")
            try FileManager.default.createDirectory(atPath: run + "/model", withIntermediateDirectories: true)
            try AtomicFile.write([1], to: run + "/model/m.onnx")
            try home.publish("gs://b/run")
            #expect(memory.objects.withLock { $0 } == [home.objects + "/gs/b/run/model/m.onnx": [1]])
            #expect(home.shown(run) == "gs://b/run")
            #expect(try home.outputFolder(of: folder) == folder)
        }
    }
}
