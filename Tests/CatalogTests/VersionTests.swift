import Catalog
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("Versions of a model") struct VersionTests {
    private struct Refused: Error {}

    private func write(_ text: String, to path: String) throws {
        let folder = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    private func leftovers(_ catalog: ModelCatalog) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: catalog.home.models + "/m")) ?? []
    }

    @Test("The files are copied and hashed; later changes of the source do not matter") func copies() throws {
        try withCatalog { catalog, _ in
            try catalog.createModel("m")
            let source = catalog.home.buckets + "/b/m/1"
            try write("graph", to: source + "/saved_model.pb")
            try write("numbers", to: source + "/variables/variables.index")
            try write("no", to: source + "/.hidden")
            let begun = try catalog.beginVersion("v1", of: "m", .init(source: "gs://b/m"), creator: "ada")
            #expect(!begun.isDone)
            #expect(try catalog.version("v1", of: "m").state == .creating)
            var warmed = ""
            let operation = try catalog.deployBlocking(begun) { folder in
                warmed = try String(contentsOfFile: folder + "/saved_model.pb", encoding: .utf8)
            }
            #expect(warmed == "graph")
            let version = try catalog.version("v1", of: "m")
            #expect(operation.madeVersion == version)
            #expect(version.state == .ready && version.isDefault && version.creator == "ada")
            #expect(version.files.map(\.name) == ["saved_model.pb", "variables/variables.index"])
            #expect(version.files[0].sha256 == ContentHash(of: "graph".utf8))
            #expect(version.files[0].bytes == 5)
            try write("other", to: source + "/saved_model.pb")
            #expect(try catalog.changedFiles(of: version).isEmpty)
            try write("other", to: catalog.folder(of: version) + "/saved_model.pb")
            #expect(try catalog.changedFiles(of: version) == ["saved_model.pb"])
        }
    }

    @Test("The first version that is ready becomes the default, later ones do not") func firstIsDefault() throws {
        try withCatalog { catalog, _ in
            try catalog.createModel("m")
            let failed = try catalog.beginVersion("v0", of: "m", .init(source: "/nowhere"))
            #expect(try catalog.deployBlocking(failed) { _ in }.problem?.code == .invalidArgument)
            #expect(throws: CatalogError.self) { try catalog.servable("m") }
            try addVersion("v1", of: "m", in: catalog)
            try addVersion("2", of: "m", in: catalog)
            #expect(try catalog.servable("m").name == "v1")
            #expect(try catalog.model("m").defaultVersion == catalog.version("v1", of: "m"))
            #expect(try catalog.setDefault("2", of: "m").isDefault)
            #expect(try catalog.servable("m").name == "2")
            #expect(try catalog.servable("m", version: "v1").isDefault == false)
            let mask = try UpdateMask("default_version.name")
            _ = try catalog.patchModel("m", mask: mask, to: .init(), defaultVersion: "v1")
            #expect(try catalog.servable("m").name == "v1")
            let error = #expect(throws: CatalogError.self) { try catalog.setDefault("v0", of: "m") }
            #expect(error?.code == .failedPrecondition)
        }
    }

    @Test("What cannot be warmed fails with the reason, and its files go") func warmFails() throws {
        try withCatalog { catalog, _ in
            try catalog.createModel("m")
            try write("x", to: catalog.home.path + "/source/a.onnx")
            let begun = try catalog.beginVersion(
                "v1", of: "m", .init(source: catalog.home.path + "/source/a.onnx"))
            let operation = try catalog.deployBlocking(begun) { _ in
                throw CatalogError(.invalidArgument, "The graph has no output.")
            }
            #expect(operation.problem == .init(.invalidArgument, "The graph has no output."))
            let version = try catalog.version("v1", of: "m")
            #expect(version.state == .failed && version.errorMessage == "The graph has no output.")
            #expect(try !FileManager.default.fileExists(atPath: catalog.folder(of: version)))
            #expect(try catalog.deleteVersion("v1", of: "m").outcome == .done)
        }
    }

    @Test("Warming may wait; a cancelled operation leaves a failed version") func asynchronous() async throws {
        try await withAsyncTemporaryFolder { folder in
            let catalog = try ModelCatalog(home: TestEngine.home(folder))
            try catalog.createModel("m")
            try write("x", to: folder + "/source/a.onnx")
            let begun = try catalog.beginVersion("v1", of: "m", .init(source: folder + "/source"))
            let done = try await catalog.deploy(begun) { _ in await Task.yield() }
            #expect(done.madeVersion?.isDefault == true)
            let second = try catalog.beginVersion("v2", of: "m", .init(source: folder + "/source"))
            try catalog.cancelOperation(second.id)
            #expect(try await catalog.deploy(second) { _ in }.problem?.code == .cancelled)
            #expect(try catalog.version("v2", of: "m").state == .failed)
        }
    }

    @Test("Refuses too many files, an empty folder and links") func refusals() throws {
        try withCatalog { catalog, _ in
            try catalog.createModel("m")
            let folder = catalog.home.path + "/source"
            func problem(_ name: String) throws -> String? {
                let begun = try catalog.beginVersion(name, of: "m", .init(source: folder + "/" + name))
                var limits = VersionLimits()
                limits.files = 3
                return try catalog.deployBlocking(begun, limits: limits) { _ in }.problem?.message
            }
            for number in 0..<4 { try write("x", to: "\(folder)/many/\(number).bin") }
            #expect(try problem("many")?.contains("over 3 files") == true)
            try FileManager.default.createDirectory(atPath: folder + "/empty", withIntermediateDirectories: true)
            #expect(try problem("empty")?.contains("no files") == true)
            try FileManager.default.createDirectory(atPath: folder + "/link", withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/link/a", withDestinationPath: "/etc/passwd")
            #expect(try problem("link")?.contains("link") == true)
            #expect(leftovers(catalog).isEmpty)
        }
    }

    @Test("The default version goes last") func deletion() throws {
        try withCatalog { catalog, _ in
            try catalog.createModel("m")
            try addVersion("v1", of: "m", in: catalog)
            try addVersion("v2", of: "m", in: catalog)
            let error = #expect(throws: CatalogError.self) { try catalog.deleteVersion("v1", of: "m") }
            #expect(error?.code == .failedPrecondition)
            let folder = try catalog.folder(of: catalog.version("v2", of: "m"))
            _ = try catalog.deleteVersion("v2", of: "m")
            #expect(!FileManager.default.fileExists(atPath: folder))
            _ = try catalog.deleteVersion("v1", of: "m")
            #expect(try catalog.model("m").defaultVersion == nil)
            #expect(try catalog.versions(of: "m").items.isEmpty)
        }
    }

    @Test("A version under way can be neither changed nor deleted, nor made twice") func underWay() throws {
        try withCatalog { catalog, _ in
            try catalog.createModel("m")
            _ = try catalog.beginVersion("v1", of: "m", .init(source: "/x"))
            let mask = try UpdateMask("description")
            for body in [
                { _ = try catalog.deleteVersion("v1", of: "m") },
                { _ = try catalog.patchVersion("v1", of: "m", mask: mask, to: .init(source: "")) },
                { _ = try catalog.servable("m", version: "v1") },
            ] as [() throws -> Void] {
                let error = #expect(throws: CatalogError.self) { try body() }
                #expect(error?.code == .failedPrecondition)
            }
            let error = #expect(throws: CatalogError.self) {
                try catalog.beginVersion("v1", of: "m", .init(source: "/x"))
            }
            #expect(error?.code == .alreadyExists)
        }
    }

    @Test("A patch takes Google's paths; the source stays") func patches() throws {
        try withCatalog { catalog, _ in
            try catalog.createModel("m")
            try addVersion("v1", of: "m", in: catalog)
            var settings = ModelVersion.Settings(source: "/other")
            settings.description = "d"
            settings.manualNodes = 2
            settings.minimumNodes = 1
            let operation = try catalog.patchVersion(
                "v1", of: "m", mask: UpdateMask("description,manual_scaling.nodes"), to: settings)
            let version = try #require(operation.madeVersion)
            #expect(version.settings.description == "d" && version.settings.manualNodes == 2)
            #expect(version.settings.minimumNodes == nil)
            #expect(version.settings.source.hasSuffix("/source"))
        }
    }

    @Test("What a dead process was making fails, what it was deleting goes") func recovers() throws {
        try withCatalog { catalog, clock in
            try catalog.createModel("m")
            let begun = try catalog.beginVersion("v1", of: "m", .init(source: "/x"))
            try write("half", to: catalog.home.models + "/m/.v1.ABCD.part/a")
            #expect(try catalog.recover().isEmpty)
            clock.advance(16)
            #expect(try catalog.recover().map(\.id) == [begun.id])
            #expect(try catalog.version("v1", of: "m").state == .failed)
            #expect(leftovers(catalog).isEmpty)
            let error = #expect(throws: CatalogError.self) { try catalog.deployBlocking(begun) { _ in } }
            #expect(error?.code == .aborted)
        }
    }
}
