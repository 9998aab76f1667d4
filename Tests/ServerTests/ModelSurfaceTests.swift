import Foundation
import Server
import Testing
import WireFormats

@Suite("ml v1: models and versions") struct ModelSurfaceTests {
    private let models = "/v1/projects/p/models"

    @Test func anEmptyListIsAnEmptyObject() async throws {
        try await withServer { server in
            let answer = try await server.get(models)
            #expect(answer.text == "{}")
        }
    }

    @Test("What is given comes back, what is not is left out; both spellings are read")
    func createsAModel() async throws {
        try await withServer { server in
            let made = try await server.post(
                models, #"{"name": "m", "online_prediction_logging": true, "labels": {"a_b": "c"}}"#)
            #expect(made.status == 200)
            #expect(made.json["name"]?.string == "projects/p/models/m")
            #expect(made.json["onlinePredictionLogging"]?.bool == true)
            #expect(made.json["labels"]?["a_b"]?.string == "c")
            #expect(made.json["regions"]?.elements?.map(\.string) == ["us-central1"])
            #expect(made.json["description"] == nil)
            #expect(made.json["defaultVersion"] == nil)
            #expect(made.headers["content-type"] == "application/json; charset=UTF-8")
            #expect(try await server.get(models + "/m").json == made.json)
        }
    }

    @Test(
        "A caller's mistake has its status",
        arguments: [
            (#"{"name": "m", "color": 1}"#, 400, "INVALID_ARGUMENT"), (#"{"name": 5}"#, 400, "INVALID_ARGUMENT"),
            (#"[]"#, 400, "INVALID_ARGUMENT"), (#"{"name": "#, 400, "INVALID_ARGUMENT"),
            (#"{"name": "1m"}"#, 400, "INVALID_ARGUMENT"), ("", 400, "INVALID_ARGUMENT"),
            (#"{"name": "there"}"#, 409, "ALREADY_EXISTS"),
            (#"{"name": "a", "name": "b"}"#, 400, "INVALID_ARGUMENT"),
            (#"{"name": "m", "regions": ["a", "b"]}"#, 400, "INVALID_ARGUMENT"),
        ])
    func refuses(body: String, status: Int, name: String) async throws {
        try await withServer { server in
            try await server.post(models, #"{"name": "there"}"#)
            let answer = try await server.post(models, body)
            #expect(answer.status == status)
            #expect(answer.errorStatus == name)
            #expect(answer.json["error"]?["code"]?.integer == Int64(status))
        }
    }

    @Test func listsInPages() async throws {
        try await withServer { server in
            for name in ["a", "b", "c"] { try await server.post(models, #"{"name": "\#(name)"}"#) }
            let first = try await server.get(models + "?pageSize=2&alt=json&prettyPrint=false").json
            #expect(first["models"]?.elements?.count == 2)
            let token = try #require(first["nextPageToken"]?.string)
            let second = try await server.get(models + "?pageSize=2&pageToken=\(token)").json
            #expect(second["models"]?.elements?.map { $0["name"]?.string } == ["projects/p/models/c"])
            #expect(second["nextPageToken"] == nil)
            #expect(try await server.get(models + "?pageToken=x").status == 400)
            #expect(try await server.get(models + "?pageSize=-1").status == 400)
            #expect(try await server.get(models + "?pageSize=1000").json["models"]?.elements?.count == 3)
            #expect(try await server.get(models + "?filter=name:b*").json["models"]?.elements?.count == 1)
            #expect(try await server.get(models + "?surname=b").status == 400)
        }
    }

    @Test func aLongGetComesAsPost() async throws {
        try await withServer { server in
            for name in ["a", "b"] { try await server.post(models, #"{"name": "\#(name)"}"#) }
            let answer = try await server.ask(
                "POST", models, "filter=name%3Ab&alt=json",
                headers: [
                    "X-HTTP-Method-Override": "GET", "Content-Type": "application/x-www-form-urlencoded",
                ])
            #expect(answer.json["models"]?.elements?.count == 1)
        }
    }

    @Test("The first version becomes the default one, and its operation stays readable")
    func createsVersions() async throws {
        try await withServer { server in
            try await server.post(models, #"{"name": "doubling"}"#)
            let first = try await server.addDoubling("v1")
            #expect(first["metadata"]?["operationType"]?.string == "CREATE_VERSION")
            #expect(first["response"]?["@type"]?.string == "type.googleapis.com/google.cloud.ml.v1.Version")
            #expect(first["response"]?["state"]?.string == "READY")
            #expect(first["response"]?["isDefault"]?.bool == true)
            let second = try await server.addDoubling("v2")
            #expect(second["response"]?["isDefault"] == nil)
            let versions = models + "/doubling/versions"
            #expect(try await server.get(versions).json["versions"]?.elements?.count == 2)
            let standing = try await server.ask("POST", versions + "/v2:setDefault")
            #expect(standing.json["isDefault"]?.bool == true)
            #expect(try await server.ask("DELETE", versions + "/v2").errorStatus == "FAILED_PRECONDITION")
            #expect(try await server.ask("DELETE", models + "/doubling").errorStatus == "FAILED_PRECONDITION")
            for version in ["v1", "v2"] {
                let gone = try await server.ask("DELETE", versions + "/\(version)")
                #expect(gone.json["response"]?["@type"]?.string == "type.googleapis.com/google.protobuf.Empty")
            }
            #expect(try await server.ask("DELETE", models + "/doubling").json["done"]?.bool == true)
            #expect(try await server.get(models + "/doubling").status == 404)
            let operations = try await server.get("/v1/projects/p/operations").json["operations"]?.elements
            #expect(operations?.count == 5)
        }
    }

    @Test func aVersionWithoutFilesFails() async throws {
        try await withServer { server in
            try await server.post(models, #"{"name": "m"}"#)
            let made = try await server.post(
                models + "/m/versions", #"{"name": "v", "deploymentUri": "gs://none/x", "runtimeVersion": "1.15"}"#
            )
            #expect(made.json["metadata"]?["version"]?["runtimeVersion"]?.string == "1.15")
            let ended = try await server.end(of: made)
            #expect(ended["error"]?["code"]?.integer != nil)
            let version = try await server.get(models + "/m/versions/v").json
            #expect(version["state"]?.string == "FAILED")
            #expect(try await server.post(models + "/m:predict", #"{"instances": [1]}"#).status == 400)
        }
    }

    @Test("A patch changes what its mask names")
    func patches() async throws {
        try await withServer(doubling: true) { server in
            let model = models + "/doubling"
            let etag = try await server.get(model).json["etag"]?.string ?? ""
            let done = try await server.ask(
                "PATCH", model + "?updateMask=description", #"{"description": "d", "labels": {"a": "b"}}"#)
            #expect(done.json["response"]?["description"]?.string == "d")
            #expect(done.json["response"]?["labels"] == nil)
            #expect(done.json["metadata"]?["operationType"]?.string == "UPDATE_MODEL")
            #expect(try await server.ask("PATCH", model, "{}").status == 400)
            #expect(try await server.ask("PATCH", model + "?updateMask=colour", "{}").status == 400)
            let stale = try await server.ask(
                "PATCH", model + "?updateMask=description,etag", #"{"etag": "\#(etag)"}"#)
            #expect(stale.errorStatus == "ABORTED")
            let version = try await server.ask(
                "PATCH", model + "/versions/v1?updateMask=autoScaling.minNodes",
                #"{"auto_scaling": {"min_nodes": 2}}"#)
            #expect(version.json["response"]?["autoScaling"]?["minNodes"]?.integer == 2)
        }
    }

    @Test func smallThingsOfAProject() async throws {
        try await withServer(doubling: true) { server in
            #expect(try await server.get("/v1/projects/p:getConfig").json["serviceAccount"]?.string != nil)
            #expect(try await server.get("/v1/projects/p/locations/us-central1").status == 200)
            #expect(try await server.get(models + "/doubling:getIamPolicy").json["etag"]?.string != nil)
            let asked = #"{"permissions": ["ml.models.predict"]}"#
            let had = try await server.post(models + "/doubling:testIamPermissions", asked)
            #expect(had.json == (try JSONValue(parsing: asked)))
            #expect(try await server.post(models + "/none:testIamPermissions", asked).status == 404)
            #expect(
                try await server.post(models + "/doubling:setIamPolicy", "{}").errorStatus == "FAILED_PRECONDITION"
            )
        }
    }
}
