import DICOMStore
import Foundation
import LightboxCore
import Testing

@Suite("Folders and links that mislead") struct HostileFolderTests {
    @Test("Links in a circle, to nothing and to devices end an import of a folder for nobody")
    func links() async throws {
        try await withStore { store, folder async throws in
            let inside = folder + "/in"
            let files = try write([instanceBytes(instance: "1.1")], in: folder)
            for (name, target) in [
                ("circle", inside), ("here", "."), ("self", "self"), ("nothing", "/nowhere"),
                ("zeros", "/dev/zero"),
                ("again.dcm", files[0]),
            ] {
                try FileManager.default.createSymbolicLink(
                    atPath: inside + "/" + name, withDestinationPath: target)
            }
            #expect(mkfifo(inside + "/pipe", 0o600) == 0)
            let found = try FileTree.files(below: inside)
            #expect(found.contains(files[0]) && found.contains(inside + "/again.dcm"))
            #expect(
                !found.contains { $0.hasSuffix("/pipe") || $0.hasSuffix("/zeros") || $0.hasSuffix("/nothing") })
            let report = try await store.ingest(found)
            #expect(report.written == 1 && report.problems.isEmpty)
            // Named one by one they are told, and not waited for.
            let odd = ["/pipe", "/zeros", "/nothing", "/self", "/circle"].map { inside + $0 }
            let refused = try await store.ingest(odd)
            #expect(refused.written == 0 && refused.problems.map(\.source) == odd)
            #expect(try await store.verify().isWhole)
        }
    }

    @Test("What is stored is a copy, whatever becomes of the link it came by") func copies() async throws {
        try await withStore { store, folder async throws in
            let bytes = instanceBytes(instance: "1.1")
            let files = try write([bytes], in: folder)
            let link = folder + "/in/link.dcm"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: files[0])
            #expect(try await store.ingest([link]).written == 1)
            try Data("something else".utf8).write(to: URL(fileURLWithPath: files[0]))
            let path = try #require(try store.instance("1.1")).path
            var status = stat()
            #expect(lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_nlink == 1)
            #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == bytes)
        }
    }

    @Test("A link in the place of a stored file is replaced, and what it names is not written to")
    func planted() async throws {
        try await withStore { store, folder async throws in
            let bytes = instanceBytes(instance: "1.1")
            let files = try write([bytes], in: folder)
            #expect(try await store.ingest(files).written == 1)
            let path = try #require(try store.instance("1.1")).path
            #expect(try store.remove(.all) == 1)
            let victim = folder + "/victim"
            try Data("mine".utf8).write(to: URL(fileURLWithPath: victim))
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: victim)
            #expect(try await store.ingest(files).written == 1)
            #expect(try String(contentsOfFile: victim, encoding: .utf8) == "mine")
            #expect(try await store.verify().isWhole)
        }
    }

    @Test("Who stores what another deletes finds it stored or deleted, never half") func removing() async throws {
        try await withStore { store, _ async throws in
            let files = (0..<20).map { Bytes(instanceBytes(instance: "1.\($0)")) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        for _ in 0..<40 {
                            for file in files { _ = try store.ingest(file, from: "") }
                        }
                    }
                }
                group.addTask {
                    for _ in 0..<200 { try store.remove(.all) }
                }
                try await group.waitForAll()
            }
            let report = try await store.verify()
            #expect(report.missing.isEmpty && report.changed.isEmpty && report.orphaned.isEmpty)
            for file in files { _ = try store.ingest(file, from: "") }
            #expect(try await store.verify().intact == 20)
        }
    }
}
