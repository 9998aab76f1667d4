import Catalog
import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("Models of the catalogue") struct ModelTests {
    @Test("A model stands at once, with its region and an etag, and once only") func creates() throws {
        try withCatalog { catalog, _ in
            let model = try catalog.createModel("xception_fv", .init(description: "vectors", labels: ["a": "b"]))
            #expect(model.settings.regions == ["us-central1"])
            #expect(model.defaultVersion == nil)
            #expect(try catalog.model("xception_fv") == model)
            #expect(Data(base64Encoded: model.etag)?.count == 8)
            #expect(throws: CatalogError.self) { try catalog.createModel("xception_fv") }
        }
    }

    @Test("Refuses names that Google refuses", arguments: ["", "1a", "a-b", "a/b", "ä", "_a", "..", "a b"])
    func names(name: String) throws {
        try withCatalog { catalog, _ in
            let error = #expect(throws: CatalogError.self) { try catalog.createModel(name) }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test("What is not there is not found") func notFound() throws {
        try withCatalog { catalog, _ in
            for body in [
                { _ = try catalog.model("m") }, { _ = try catalog.versions(of: "m") },
                { _ = try catalog.deleteModel("m") }, { _ = try catalog.servable("m") },
                { _ = try catalog.operation("o") }, { _ = try catalog.job("j") },
                { _ = try catalog.setDefault("v", of: "m") },
                { _ = try catalog.beginVersion("v", of: "m", .init(source: "/x")) },
            ] as [() throws -> Void] {
                let error = #expect(throws: CatalogError.self) { try body() }
                #expect(error?.code == .notFound)
            }
        }
    }

    @Test("A list comes in pages, each item once") func pages() throws {
        try withCatalog { catalog, _ in
            for number in 10..<35 { try catalog.createModel("m\(number)", .init(labels: ["n": "\(number % 2)"])) }
            var names: [String] = []
            var token = ""
            repeat {
                let page = try catalog.models(.init(size: 10, token: token))
                names += page.items.map(\.name)
                token = page.next ?? ""
            } while !token.isEmpty
            #expect(names == (10..<35).map { "m\($0)" })
            #expect(try catalog.models().items.count == 20)
            #expect(try catalog.models(.init(size: 25)).next == nil)
            let odd = try catalog.models(.init(size: 1000, filter: "name:m1* AND labels.n=1"))
            #expect(odd.items.map(\.name) == ["m11", "m13", "m15", "m17", "m19"])
        }
    }

    @Test("Refuses a token of another list, a negative size and an unknown field") func badPages() throws {
        try withCatalog { catalog, _ in
            for name in ["a", "b"] { try catalog.createModel(name) }
            let token = try #require(try catalog.models(.init(size: 1)).next)
            for request in [
                PageRequest(token: "x"), PageRequest(token: token + "A"),
                PageRequest(token: token, filter: "name:a*"),
                PageRequest(size: -1), PageRequest(filter: "colour:red"), PageRequest(filter: "AND"),
                PageRequest(filter: "name:a AND"), PageRequest(filter: "name"),
            ] {
                let error = #expect(throws: CatalogError.self) { try catalog.models(request) }
                #expect(error?.code == .invalidArgument)
            }
            #expect(throws: CatalogError.self) { try catalog.jobs(.init(token: token)) }
        }
    }

    @Test("A patch changes what its mask names, and nothing else") func patches() throws {
        try withCatalog { catalog, _ in
            let before = try catalog.createModel("m", .init(description: "old", labels: ["a": "1", "b": "2"]))
            let operation = try catalog.patchModel(
                "m", mask: UpdateMask("description,labels.a"), to: .init(description: "new", labels: ["a": "3"]))
            #expect(operation.kind == .updateModel)
            let model = try catalog.model("m")
            #expect(operation.outcome == .model(model))
            #expect(model.settings.description == "new")
            #expect(model.settings.labels == ["a": "3", "b": "2"])
            #expect(model.etag != before.etag)
            #expect(try catalog.operation(operation.id) == operation)
        }
    }

    @Test("A patch with a stale etag is aborted and changes nothing") func staleEtag() throws {
        try withCatalog { catalog, _ in
            let before = try catalog.createModel("m")
            let mask = try UpdateMask("etag,description")
            _ = try catalog.patchModel("m", mask: mask, to: .init(description: "a"), etag: before.etag)
            let error = #expect(throws: CatalogError.self) {
                try catalog.patchModel("m", mask: mask, to: .init(description: "b"), etag: before.etag)
            }
            #expect(error?.code == .aborted)
            #expect(try catalog.model("m").settings.description == "a")
        }
    }

    @Test(
        "A mask names known fields", arguments: ["", ",", "name", "default_version.state", "description,colour"])
    func masks(text: String) throws {
        try withCatalog { catalog, _ in
            try catalog.createModel("m")
            let error = #expect(throws: CatalogError.self) {
                try catalog.patchModel("m", mask: UpdateMask(text), to: .init(description: "x"))
            }
            #expect(error?.code == .invalidArgument)
            #expect(try catalog.model("m").settings.description.isEmpty)
        }
    }

    @Test("A model goes only when its versions are gone") func deletes() throws {
        try withCatalog { catalog, _ in
            try catalog.createModel("m")
            try addVersion("v1", of: "m", in: catalog)
            #expect(throws: CatalogError.self) { try catalog.deleteModel("m") }
            #expect(try catalog.deleteVersion("v1", of: "m").outcome == .done)
            let operation = try catalog.deleteModel("m")
            #expect(operation.outcome == .done)
            #expect(throws: CatalogError.self) { try catalog.model("m") }
            #expect(!FileManager.default.fileExists(atPath: catalog.home.models + "/m"))
            #expect(try catalog.operations().items.map(\.kind) == [.deleteModel, .deleteVersion, .createVersion])
        }
    }
}
