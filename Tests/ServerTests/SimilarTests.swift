import DICOMStore
import Features
import Foundation
import Imaging
import LightboxCore
import Pipelines
import Server
import TestSupport
import Testing
import Warehouse
import WireFormats

@Suite("Similar images of a table, over HTTP") struct SimilarTests {
    /// A random picture, the same one for the same number.
    private static func picture(_ number: Int) -> [UInt8] {
        var random = SeededGenerator(seed: UInt64(number))
        let samples = (0..<(40 * 30 * 3)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        return PNG.encode(Image(width: 40, height: 30, channels: 3, samples: .uint8(samples)))
    }

    /// Six pictures, embedded into the table `pictures`.
    private func withPictures(_ body: (TestServer, Home) async throws -> Void) async throws {
        try await withAsyncTemporaryFolder { folder in
            let home = Home(path: folder + "/home")
            try await onOwnThread {
                try home.create()
                let images = folder + "/images"
                try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
                for number in 0..<6 {
                    try AtomicFile.write(Self.picture(number), to: "\(images)/\(number).png")
                }
                var stage = EmbedStage(extractor: .init(.untrained("tiny")))
                stage.extractor.precision = .float32
                let report = try stage.run(
                    ImageInput(images), output: .table("pictures"), StageContext(home: home, threads: 2))
                #expect(report.stage.written == 6)
            }
            try await body(TestServer(folder: folder, settings: ServerSettings()), home)
        }
    }

    @Test("The rows that are most like a row, or an image, as SQL has them")
    func nearest() async throws {
        try await withPictures { server, home in
            let expected = try await onOwnThread {
                try Warehouse(home: home).query(
                    """
                    SELECT path, cosine_similarity(feature_vector, (SELECT feature_vector FROM pictures WHERE path LIKE '%3.png'))
                        AS likeness FROM pictures ORDER BY likeness DESC
                    """
                ).rows.map { row -> (String, Double) in
                    guard case .text(let path) = row[0], case .real(let likeness) = row[1] else { return ("", 0) }
                    return (path, likeness)
                }
            }
            let place = "/v1/tables/pictures:similar"
            let id = try #require(expected[0].0.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            let row = try await server.get("\(place)?id=\(id)&k=3").json
            let image = try await server.send("POST", "\(place)?k=4", Self.picture(3)).json
            #expect(row["rows"]?.integer == 6 && row["similar"]?.elements?.count == 3)
            // The row itself is left out; the image is not known to be the row.
            for (found, wanted) in zip(row["similar"]?.elements ?? [], expected.dropFirst()) {
                #expect(found["id"]?.string == wanted.0)
                #expect(abs((found["similarity"]?.double ?? 0) - wanted.1) < 1e-5)
            }
            for (found, wanted) in zip(image["similar"]?.elements ?? [], expected) {
                #expect(found["id"]?.string == wanted.0)
                #expect(abs((found["similarity"]?.double ?? 0) - wanted.1) < 1e-5)
            }
            #expect(image["similar"]?.elements?.count == 4)
        }
    }

    @Test("What cannot be answered says so")
    func refusals() async throws {
        try await withPictures { server, home in
            try Warehouse(home: home).load(
                [TableRow([.init("id", "x"), .init("v", .vector([1, 2]))])], into: TableName("bare"),
                disposition: .truncate, from: .init(source: "test"), at: Date())
            try Warehouse(home: home).load(
                [TableRow([.init("id", "x")])], into: TableName("names"), disposition: .truncate,
                from: .init(source: "test"), at: Date())
            let place = "/v1/tables/pictures:similar"
            for (path, status) in [
                (place, 400), (place + "?id=none", 404), (place + "?id=0.png&k=0", 400),
                (place + "?id=0.png&k=1001", 400), (place + "?id=0.png&k=x", 400),
                ("/v1/tables/none:similar?id=1", 404), ("/v1/tables/names:similar?id=x", 400),
                ("/v1/tables/bad%20name:similar?id=x", 400),
            ] {
                #expect(try await server.get(path).status == status, "\(path)")
            }
            #expect(try await server.get("/v1/tables/bare:similar?id=x").status == 200)
            // Nobody noted how the vectors were made; and no image is no image.
            let image = try await server.send("POST", "/v1/tables/bare:similar", Self.picture(1))
            #expect(image.status == 400 && image.text.contains("Nobody has noted"))
            #expect(try await server.send("POST", place, [1, 2, 3]).status == 400)
        }
    }
}
