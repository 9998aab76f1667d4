import Catalog
import DICOM
import Foundation
import Imaging
import LightboxCore
import Server
import TestSupport
import Testing
import Warehouse
import WireFormats

@Suite("Maps of vectors") struct MapTests {
    @Test("Tables with coordinates are listed; others are not") func list() async throws {
        try await withServer { server in
            #expect(try await server.get("/maps").text.contains("There is no map yet."))
            try MapSamples.load(
                [MapSamples.row(["path": "a", "pc1": 1.0, "pc2": 2.0, "pc3": 3.0])], into: "components",
                server.folder,
                analysis: "PCA")
            try MapSamples.load(
                [MapSamples.row(["path": "a", "x": 1.0, "y": "north"])], into: "places", server.folder)
            try MapSamples.load([MapSamples.row(["path": "a", "x": 1.0])], into: "line", server.folder)
            let page = try await server.get("/maps")
            #expect(page.status == 200 && page.text.contains("href=\"/maps/components\""))
            #expect(page.text.contains("pc1 × pc3") && page.text.contains("PCA"))
            #expect(!page.text.contains("places") && !page.text.contains("/maps/line"))
            let plane = try await server.get("/maps/components/points?axes=pc1,pc3")
            #expect(try MapSamples.parts(plane, of: Float.self).numbers == [1, 3])
            #expect(try await server.get("/maps/components?axes=pc3,pc1").status == 400)
            #expect(try await server.get("/maps/components/points?axes=x").errorStatus == "INVALID_ARGUMENT")
        }
    }

    @Test("Places come as floats in the order of the keys") func points() async throws {
        try await MapSamples.withMap { server, version in
            let answer = try await server.get("/maps/lab.map/points?axes=x,y")
            #expect(answer.headers["content-type"] == "application/octet-stream")
            let (header, numbers) = try MapSamples.parts(answer, of: Float.self)
            #expect(numbers == [4, 16, 3, 9, 2, 4, 1, 1, 0, 0])
            #expect(header["count"]?.integer == 5 && header["leftOut"]?.integer == 0)
            #expect(header["version"]?.string == version)
        }
    }

    @Test("Columns of the table and of tables about the same images can colour it") func columns() async throws {
        try await MapSamples.withMap { server, version in
            let groups = try #require(try await server.get("/maps/lab.map/columns").json.elements)
            #expect(groups.map { $0["from"]?.string } == ["", "table:labels"])
            #expect(
                groups[0]["columns"]?.elements?.map { $0["name"]?.string } == ["cluster", "score \"q\"", "note"])
            func column(_ query: String) async throws -> Answer {
                try await server.get("/maps/lab.map/column?version=\(version)&\(query)")
            }
            let (clusters, codes) = try MapSamples.parts(await column("name=cluster"), of: UInt8.self)
            #expect(clusters["names"]?.elements?.map(\.string) == ["0", "1"] && codes == [0, 1, 0, 1, 0])
            #expect(clusters["counts"]?.floats == [3, 2] && clusters["mayBeNumber"]?.bool == true)
            let (scores, values) = try MapSamples.parts(await column("name=score%20%22q%22"), of: Float.self)
            #expect(scores["kind"]?.string == "number" && values == [2, 1.5, 1, 0.5, 0])
            #expect(scores["greatest"]?.double == 2)
            let (notes, noted) = try MapSamples.parts(await column("name=NOTE"), of: UInt8.self)
            #expect(notes["names"]?.elements?.map(\.string) == ["<b>0</b>", "<b>1</b>"])
            #expect(noted == [1, 0, 3, 1, 0] && notes["missing"]?.integer == 1)
            let (labels, labelled) = try MapSamples.parts(
                await column("from=table:labels&name=label"), of: UInt8.self)
            #expect(labels["names"]?.elements?.map(\.string) == ["rose", "lily"] && labelled == [0, 0, 0, 1, 3])
            #expect(
                try MapSamples.parts(await column("name=cluster&as=number"), of: Float.self).numbers == [
                    0, 1, 0, 1, 0,
                ])

            for (query, status) in [
                ("name=none", 400), ("name=", 400), ("from=table:none&name=a", 404),
                ("from=table:a;b&name=a", 400),
                ("from=elsewhere&name=a", 400), ("from=store:none&name=Modality", 404),
                ("name=cluster%22%20FROM%20labels%20--", 400),
            ] { #expect(try await column(query).status == status, "\(query)") }
            #expect(try await server.get("/maps/lab.map/column?version=0&name=cluster").status == 409)

            // Two rows of one image that say different things.
            try MapSamples.load(
                [MapSamples.row(["path": "p1.png", "k": "a"]), MapSamples.row(["path": "p1.png", "k": "b"])],
                into: "twice",
                server.folder)
            let twice = try await column("from=table:twice&name=k")
            #expect(twice.status == 400 && twice.text.contains("different values"))
        }
    }

    @Test("Rare values are told together") func others() async throws {
        try await withServer { server in
            try MapSamples.load(
                (0..<600).map {
                    MapSamples.row([
                        "id": .integer(Int64($0)), "x": 0.0, "y": 0.0, "t": .text("v\($0 < 300 ? 0 : $0)"),
                    ])
                },
                into: "m", server.folder)
            let version =
                try MapSamples.parts(await server.get("/maps/m/points"), of: Float.self).header["version"]?.string
                ?? ""
            let (header, codes) = try MapSamples.parts(
                await server.get("/maps/m/column?version=\(version)&name=t"), of: UInt8.self)
            #expect(header["names"]?.elements?.count == 250 && header["otherValues"]?.integer == 51)
            #expect(header["others"]?.integer == 51 && codes.count { $0 == 250 } == 51)
            #expect(header["names"]?.elements?.first?.string == "v0" && codes.count { $0 == 0 } == 300)
        }
    }

    @Test("A point tells its names, a search those that have a text in them") func names() async throws {
        try await MapSamples.withMap { server, version in
            let state = "version=\(version)"
            let point = try await server.get("/maps/lab.map/points/1?\(state)").json
            #expect(point["names"]?.elements?.map { $0["text"]?.string } == ["p1.png"])
            #expect(try await server.get("/maps/lab.map/search?q=P1&\(state)").json["ranges"]?.floats == [1, 1])
            #expect(try await server.get("/maps/lab.map/search?q=.png&\(state)").json["ranges"]?.floats == [0, 5])
            #expect(try await server.get("/maps/lab.map/search?q=%25&\(state)").json["count"]?.integer == 0)
            for (path, status) in [
                ("points/5?\(state)", 404), ("points/-1?\(state)", 404), ("points/x?\(state)", 404),
                ("points/1?version=old", 409), ("points/1", 409), ("search?\(state)", 400),
                ("points/1/picture?\(state)", 404),
            ] { #expect(try await server.get("/maps/lab.map/\(path)").status == status, "\(path)") }
        }
    }

    @Test(
        "Names that are none lead nowhere, and no page shows them raw",
        arguments: [
            "none", "lab.map%22%3B", "..%2Fx", "%3Cscript%3E", "a%20b", "sqlite_schema", "lightbox_provenance",
            "labels",
            "map%27",
        ])
    func hostileNames(name: String) async throws {
        try await MapSamples.withMap { server, version in
            for path in [
                "", "/points", "/columns", "/column?version=\(version)&name=x", "/search?q=a&version=\(version)",
            ] {
                let answer = try await server.get("/maps/\(name)\(path)")
                #expect(answer.status == 400 || answer.status == 404, "\(path)")
                #expect(!path.isEmpty || !answer.text.contains("<script>"))
            }
            let body = #"{"version": "\#(version)", "ranges": [0, 1], "name": "new"}"#
            let refused = try await server.ask(
                "POST", "/maps/\(name)/selections", body, headers: ["Content-Type": "application/json"])
            #expect(refused.status == 400 || refused.status == 404)
        }
    }

    @Test("A table of more points than a map has is refused in words") func limit() async throws {
        var settings = ServerSettings()
        settings.maximumMapPoints = 4
        try await withServer(settings: settings) { server in
            func rows(_ count: Int) -> [TableRow] {
                (0..<count).map { MapSamples.row(["id": .integer(Int64($0)), "x": .real(Double($0)), "y": 0.0]) }
            }
            try MapSamples.load(rows(5), into: "m", server.folder)
            let answer = try await server.get("/maps/m/points")
            #expect(answer.status == 400 && answer.text.contains("5 rows") && answer.text.contains("4 at most"))
            #expect(try await server.get("/maps/m").status == 200)
            try MapSamples.load(rows(4), into: "m", server.folder)
            #expect(try await server.get("/maps/m/points").status == 200)
        }
    }

    // MARK: Pictures

    @Test("Pictures of files are for administrators, and for others where the server was told so") func pictures()
        async throws
    {
        try await withAsyncTemporaryFolder { pictures in
            let picture = Image(
                width: 600, height: 300, channels: 1, samples: .uint8(Array(repeating: 9, count: 180_000)))
            let manager = FileManager.default
            for folder in ["open", "closed"] {
                try manager.createDirectory(atPath: "\(pictures)/\(folder)", withIntermediateDirectories: true)
                try Data(PNG.encode(picture)).write(to: URL(fileURLWithPath: "\(pictures)/\(folder)/a.png"))
            }
            try Data("secret".utf8).write(to: URL(fileURLWithPath: pictures + "/open/text.png"))
            try manager.createSymbolicLink(
                atPath: pictures + "/open/link.png", withDestinationPath: pictures + "/closed/a.png")
            var settings = ServerSettings()
            settings.pictureFolders = [pictures + "/open"]
            try await withServer(settings: settings) { server in
                let files = [
                    "\(pictures)/open/a.png", "\(pictures)/closed/a.png", "\(pictures)/open/../closed/a.png",
                    "\(pictures)/open/link.png", "\(pictures)/open/text.png", "/dev/zero",
                    "\(pictures)/open/none.png",
                    "file:///etc/passwd",
                ]
                try MapSamples.load(
                    files.enumerated().map {
                        MapSamples.row(["id": .integer(Int64($0)), "file": .text($1), "x": 0.0, "y": 0.0])
                    }
                        + [MapSamples.row(["id": 99, "file": "a.png", "x": 0.0, "y": 0.0])],
                    into: "m", server.folder)
                let (header, _) = try MapSamples.parts(await server.get("/maps/m/points"), of: Float.self)
                let version = header["version"]?.string ?? ""
                let index = try await Dictionary(
                    uniqueKeysWithValues: names(server, version).enumerated().map { ($1, $0) })
                func status(_ file: String, _ headers: [String: String]) async throws -> Int {
                    let path = "/maps/m/points/\(try #require(index[file]))/picture?version=\(version)"
                    let answer = try await server.ask("GET", path, headers: headers)
                    if answer.status == 200 {
                        #expect(answer.headers["content-type"] == "image/jpeg")
                        #expect(try ImageFile.decode(Bytes(answer.body)).width == 256)
                    }
                    return answer.status
                }
                for (file, expected) in zip(files + ["a.png"], [200, 200, 200, 200, 400, 404, 404, 404, 200]) {
                    #expect(try await status(file, [:]) == expected, "\(file)")
                }
                let full = "/maps/m/points/\(index[files[0]]!)/picture?size=full&version=\(version)"
                #expect(try PNG.decode(Bytes(try await server.get(full).body)).width == 600)
                let reader = ["Authorization": "Bearer \(try await server.token("r", .read))"]
                for (file, expected) in zip(files + ["a.png"], [200, 403, 403, 403, 400, 403, 404, 404, 200]) {
                    #expect(try await status(file, reader) == expected, "reader: \(file)")
                }
            }
        }
    }

    private func names(_ server: TestServer, _ version: String) async throws -> [String] {
        var names: [String] = []
        while true {
            let point = try await server.get("/maps/m/points/\(names.count)?version=\(version)")
            guard point.status == 200 else { return names }
            names.append(
                point.json["names"]?.elements?.first { $0["column"]?.string == "file" }?["text"]?.string ?? "")
        }
    }

    @Test("Instances of a store are coloured by their series, and lead to the viewer") func instances()
        async throws
    {
        try await withServer { server in
            try server.fill(
                [("1.3.1", "9.1", "St Anne"), ("1.3.1", "9.2", "St Anne"), ("1.3.2", "9.3", "<Mercy>")].map {
                    try instanceBytes(
                        study: "1.1", series: $0.0, instance: $0.1, more: [.text(.institutionName, $0.2)])
                })
            try MapSamples.load(
                [("1.3.1", "9.1"), ("1.3.1", "9.2"), ("1.3.2", "9.3"), ("1.3.9", "9.9")].enumerated().map {
                    index, uids in
                    MapSamples.row([
                        "study": "1.1", "series": .text(uids.0), "instance": .text(uids.1), "frame": .null,
                        "x": .real(Double(index)), "y": 0.0,
                    ])
                }, into: "m", server.folder)
            try MapSamples.load(
                [("9.2", "ACME"), ("9.3", "Other")].map {
                    MapSamples.row(["SOPInstanceUID": .text($0.0), "Manufacturer": .text($0.1)])
                }, into: "metadata", server.folder)
            let version =
                try MapSamples.parts(await server.get("/maps/m/points"), of: Float.self).header["version"]?.string
                ?? ""
            let groups = try #require(try await server.get("/maps/m/columns").json.elements)
            #expect(groups.map { $0["from"]?.string } == ["", "table:metadata", "store:d/s"])
            func colours(_ query: String) async throws -> (names: [String?]?, codes: [UInt8]) {
                let (header, codes) = try MapSamples.parts(
                    await server.get("/maps/m/column?version=\(version)&\(query)"), of: UInt8.self)
                return (header["names"]?.elements?.map(\.string), codes)
            }
            let site = try await colours("from=store:d/s&name=InstitutionName")
            #expect(site.names == ["St Anne", "<Mercy>"] && site.codes == [0, 0, 1, 3])
            let maker = try await colours("from=table:metadata&name=manufacturer")
            #expect(maker.names == ["ACME", "Other"] && maker.codes == [3, 0, 1, 3])

            let point = try await server.get("/maps/m/points/1?version=\(version)").json
            #expect(point["page"]?.string == "/stores/d/s/studies/1.1?series=1%2E3%2E1&instance=9%2E2")
            #expect(try await server.get(point["page"]?.string ?? "").status == 200)
            let picture = try await server.get("/maps/m/points/1/picture?version=\(version)")
            #expect(picture.status == 303)
            let shown = try await server.get(try #require(picture.headers["location"]))
            #expect(shown.status == 200 && shown.headers["content-type"] == "image/jpeg")
            #expect(try await server.get("/maps/m/points/3?version=\(version)").json["page"] == nil)
            #expect(try await server.get("/maps/m/points/3/picture?version=\(version)").status == 404)
        }
    }
}
