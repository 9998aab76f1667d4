import AnswerCards
import Foundation
import Imaging
import LightboxCore
import ModelRegistry
import Networks
import Pipelines
import Server
import TestSupport
import Testing
import Warehouse
import WireFormats

@Suite("Known cases beside predictions") struct CaseTests {
    private let tensorFlow = "/v1/models/flowers:predict"
    private let google = "/v1/projects/p/models/flowers:predict"

    /// A random picture, the same one for the same number.
    private func picture(_ number: Int) -> [UInt8] {
        var random = SeededGenerator(seed: UInt64(number))
        let samples = (0..<(40 * 30 * 3)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        return PNG.encode(Image(width: 40, height: 30, channels: 3, samples: .uint8(samples)))
    }

    private func body(_ numbers: [Int], _ extras: String) -> String {
        let instances = numbers.map { #"{"image_bytes": {"b64": "\#(Data(picture($0)).base64EncodedString())"}}"# }
        return #"{"instances": [\#(instances.joined(separator: ", "))], "extras": [\#(extras)]}"#
    }

    /// A home with a model of the tiny network, `flowers`, whose version is ready.
    private func withModel(_ body: (_ folder: String, Home) async throws -> Void) async throws {
        try await withAsyncTemporaryFolder { folder in
            let network = try Network.named("tiny")
            let head = ClassifierHead(classes: 2)
            let manifest = ModelManifest(
                name: "flowers", architecture: .network(name: "tiny", input: [32, 32, 3], top: .head(head)),
                preprocessing: network.preprocessing, output: .classes(["a", "b"]),
                provenance: .init(lightbox: "0.3", created: Date(timeIntervalSince1970: 0)))
            let weights = NetworkWeights.initial(for: try network.graph(head: head), seed: 6)
            _ = try ModelFolder.write(manifest, weights: weights, to: folder + "/run")
            let server = try TestServer(folder: folder, settings: ServerSettings())
            try await server.post("/v1/projects/p/models", #"{"name": "flowers"}"#)
            let made = try await server.post(
                "/v1/projects/p/models/flowers/versions",
                #"{"name": "v1", "deploymentUri": "\#(folder)/run"}"#)
            #expect(try await server.end(of: made)["response"] != nil)
            try await body(folder, Home(path: folder + "/home"))
        }
    }

    /// The vectors of the pictures as the model has them.
    private func vectors(_ numbers: [Int], _ folder: String) async throws -> [[Float]] {
        let server = try TestServer(folder: folder, settings: ServerSettings())
        let answer = try await server.post(tensorFlow, body(numbers, #""embedding""#))
        return try #require(answer.json["predictions"]?.elements).map { prediction in
            (prediction["embedding"]?.elements ?? []).compactMap { $0.double.map { Float($0) } }
        }
    }

    private func load(_ rows: [[TableRow.Cell]], into table: String, _ home: Home) throws {
        try Warehouse(home: home).load(
            rows.map { TableRow($0) }, into: TableName(table), disposition: .truncate, from: .init(source: "test"),
            at: Date())
    }

    private func settings(_ table: String, labels: String? = nil) -> ServerSettings {
        var settings = ServerSettings()
        settings.cases = ["flowers": CaseSource(table: table, labels: labels)]
        settings.caseInterval = .zero
        return settings
    }

    @Test("The three nearest come with similarity, labels and a picture, and follow the table")
    func nearest() async throws {
        try await withModel { folder, home in
            let vectors = try await vectors([1, 2, 3, 4], folder)
            let path = folder + "/a picture: 50%.png"
            try Data(picture(2)).write(to: URL(fileURLWithPath: path))
            try Data("no image".utf8).write(to: URL(fileURLWithPath: folder + "/text"))
            func cells(_ number: Int, _ path: String) -> [TableRow.Cell] {
                [
                    .init("path", .text(path)), .init("a", .integer(number == 2 ? 1 : 0)),
                    .init("b", .integer(number < 3 ? 1 : 0)),
                    .init("feature_vector", .vector(vectors[number - 1])),
                ]
            }
            try load([cells(1, "gone.png"), cells(2, path), cells(3, folder + "/text")], into: "known", home)
            let server = try TestServer(folder: folder, settings: settings("known"))
            for place in [google, tensorFlow] {
                let answer = try await server.post(place, body([2], #""nearest""#))
                let prediction = try #require(answer.json["predictions"]?.elements?.first)
                #expect(prediction["scores"] != nil && prediction["embedding"] == nil)
                let cases = try #require(prediction["nearest"]?.elements)
                #expect(cases.count == 3)
                #expect(cases[0]["id"]?.string == path)
                #expect(abs((cases[0]["similarity"]?.double ?? 0) - 1) < 1e-5)
                #expect(cases[0]["labels"]?.elements?.map(\.string) == ["a", "b"])
                let gone = try #require(cases.first { $0["id"]?.string == "gone.png" })
                #expect(gone["picture"] == nil && gone["labels"]?.elements?.map(\.string) == ["b"])

                let picture = try #require(cases[0]["picture"]?.string)
                let shown = try await server.get(picture)
                #expect(shown.status == 200 && shown.headers["content-type"] == "image/png")
                #expect(try PNG.decode(Bytes(shown.body)).width == 40)
                let text = try #require(cases.first { $0["id"]?.string == folder + "/text" }?["picture"]?.string)
                #expect(try await server.get(text).status == 400)
            }
            for place in ["/cases/flowers/gone.png", "/cases/flowers/other", "/cases/other/gone.png"] {
                #expect(try await server.get(place).status == 404)
            }

            // Each instance has its own; columns hold one list for each.
            let both = try await server.post(google, body([1, 3], #""nearest", "embedding""#)).json["predictions"]
            #expect(
                both?.elements?.map { $0["nearest"]?.elements?[0]["id"]?.string } == [
                    "gone.png", folder + "/text",
                ])
            #expect(both?.elements?[0]["embedding"] != nil)
            let encoded = Data(picture(1)).base64EncodedString()
            let columns = try await server.post(
                tensorFlow, #"{"inputs": {"image_bytes": [{"b64": "\#(encoded)"}]}, "extras": ["nearest"]}"#)
            #expect(columns.json["outputs"]?["nearest"]?.elements?[0].elements?.count == 3)

            // The page asks for them.
            #expect(try await server.get("/predict").text.contains("nearest&quot;"))

            // A table that is loaded anew, then one that does not go with the model.
            try load([cells(4, "new.png")], into: "known", home)
            let renewed = try await server.post(google, body([2], #""nearest""#)).json["predictions"]?.elements?[0]
            #expect(renewed?["nearest"]?.elements?.map { $0["id"]?.string } == ["new.png"])
            try load([[.init("path", "x"), .init("v", .vector([1, 2]))]], into: "known", home)
            let refused = try await server.post(google, body([2], #""nearest""#))
            #expect(refused.status == 400 && refused.json["error"]?.string?.contains("2 numbers") == true)
        }
    }

    @Test("Labels can stand in a table of their own")
    func labelTable() async throws {
        try await withModel { folder, home in
            let vectors = try await vectors([1, 2], folder)
            let rows = vectors.enumerated().map { number, vector -> [TableRow.Cell] in
                [.init("instance", .text("1.\(number)")), .init("feature_vector", .vector(vector))]
            }
            try load(rows, into: "known", home)
            try load([[.init("instance", "1.1"), .init("label", "rose")]], into: "said", home)
            let server = try TestServer(folder: folder, settings: settings("known", labels: "said"))
            let answer = try await server.post(google, body([2], #""nearest""#)).json["predictions"]?.elements?[0]
            #expect(answer?["nearest"]?.elements?.map { $0["id"]?.string } == ["1.1", "1.0"])
            #expect(
                answer?["nearest"]?.elements?.map { $0["labels"]?.elements?.map(\.string) } == [["rose"], []])
        }
    }

    @Test("Answer cards come beside predictions and as files, and say the same")
    func cards() async throws {
        try await withModel { folder, home in
            let vectors = try await vectors([1, 2], folder)
            let rows = vectors.enumerated().map { number, vector -> [TableRow.Cell] in
                [.init("path", .text("\(number).png")), .init("feature_vector", .vector(vector))]
            }
            try load(rows, into: "known", home)
            let server = try TestServer(folder: folder, settings: settings("known"))
            let both = try await server.post(google, body([1, 2], #""card""#)).json["predictions"]?.elements
            let first = try #require(both?.first)
            // What was computed for the card only is not in the answer.
            #expect(first["embedding"] == nil && first["heatmap_png_bytes"] == nil && first["labels"] == nil)
            let beside = try AnswerCard(parsing: Bytes(try #require(first["card"]).serialized()), path: "answer")
            #expect(beside.pictures == nil && beside.answer.cases?.nearest.first?.id == "0.png")
            #expect(beside.answer.model.name == "flowers" && beside.answer.model.version == "v1")

            let file = try await server.send("POST", "/answers/flowers?format=json", picture(1))
            #expect(file.status == 200 && file.headers["content-disposition"]?.contains("card.json") == true)
            let whole = try AnswerCard(parsing: Bytes(file.body), path: "file")
            #expect(whole.sha256 == beside.sha256 && whole.pictures != nil)
            let html = try await server.send("POST", "/answers/flowers?format=html&name=%3Crose%3E", picture(1))
            #expect(html.text.contains("&lt;rose&gt;") && html.text.contains(beside.sha256.description))
            let pdf = try await server.send("POST", "/answers/flowers?format=pdf", picture(1))
            #expect(pdf.headers["content-type"] == "application/pdf" && pdf.body.starts(with: "%PDF".utf8))

            // Of no DICOM file there is no report; nor of nothing a card.
            for (path, sent, status) in [
                ("/answers/flowers?format=dicom", picture(1), 400),
                ("/answers/flowers?format=gif", picture(1), 400),
                ("/answers/flowers", [1, 2, 3], 400), ("/answers/other", picture(1), 404),
            ] {
                #expect(try await server.send("POST", path, sent).status == status, "\(path)")
            }
            let pixels = #"{"instances": [{"pixels": [[[1, 2, 3]]]}], "extras": ["card"]}"#
            let refused = try await server.post(google, pixels)
            #expect(refused.status == 400 && refused.json["error"]?.string?.contains("image_bytes") == true)
        }
    }

    @Test("What does not go together is refused, at the start where that is possible")
    func refusals() async throws {
        try await withModel { folder, home in
            let plain = try TestServer(folder: folder, settings: ServerSettings())
            let answer = try await plain.post(google, body([1], #""nearest""#))
            #expect(answer.status == 400)
            let text = try #require(answer.json["error"]?.string)
            #expect(text.contains("extras") && text.contains("--cases"))
            #expect(try await plain.get("/predict").text.contains("nearest&quot;") == false)

            func problem(_ settings: ServerSettings) -> String {
                do { _ = try TestServer(folder: folder, settings: settings) } catch { return "\(error)" }
                return ""
            }
            #expect(problem(settings("known")).contains("no tables yet"))
            try load([[.init("path", "x"), .init("v", .vector([1, 2]))]], into: "known", home)
            #expect(problem(settings("known")).contains("have 2 numbers, the model's embedding has"))
            #expect(problem(settings("unknown")).contains("known"))
            try load([[.init("path", "x")]], into: "names", home)
            #expect(problem(settings("names")).contains("no column of vectors"))
            let vectors = try await vectors([1], folder)
            try load([[.init("id", 7), .init("v", .vector(vectors[0]))]], into: "known", home)
            #expect(problem(settings("known")).isEmpty)
            #expect(problem(settings("known", labels: "names")).contains("in common"))
            var small = settings("known")
            small.maximumCases = 100
            #expect(problem(small).contains("do not fit"))
            var other = settings("known")
            other.cases["none"] = other.cases["flowers"]
            #expect(problem(other).contains("none"))
        }
    }
}
