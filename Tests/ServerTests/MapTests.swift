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
    /// A picture's answer: the JSON text before the numbers, and these.
    private func parts<Number>(_ answer: Answer, of _: Number.Type) throws -> (
        header: JSONValue, numbers: [Number]
    ) {
        try #require(answer.status == 200, "\(answer.text)")
        let length = answer.body.prefix(4).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        try #require(length % 4 == 0 && 4 + length <= answer.body.count)
        let header = try JSONValue(parsing: String(decoding: answer.body[4..<(4 + length)], as: UTF8.self))
        let rest = Array(answer.body.dropFirst(4 + length))
        return (header, rest.withUnsafeBytes { Array($0.bindMemory(to: Number.self)) })
    }

    private func row(_ cells: KeyValuePairs<String, SQLValue>) -> TableRow {
        TableRow(cells.map { .init($0.key, $0.value) })
    }

    private func load(_ rows: [TableRow], into table: String, _ folder: String, analysis: String? = nil) throws {
        let notes = analysis.map { ["analysis": $0] } ?? [:]
        try Warehouse(home: TestEngine.home(folder + "/home")).load(
            rows, into: TableName(table), disposition: .truncate,
            from: Provenance(source: "flowers", notes: notes), at: Date(timeIntervalSince1970: 1_790_000_000))
    }

    /// A server with the map `lab.map` of five points, of which four have labels elsewhere.
    private func withMap(
        settings: ServerSettings = ServerSettings(), _ body: (TestServer, _ version: String) async throws -> Void
    ) async throws {
        try await withServer(settings: settings) { server in
            let rows = (0..<5).map { number -> TableRow in
                let (place, note) = (Double(number), number == 2 ? "" : "<b>\(number % 3)</b>")
                return row([
                    "path": .text("p\(4 - number).png"), "x": .real(place), "y": .real(place * place),
                    "cluster": .integer(Int64(number % 2)), "score \"q\"": .real(0.5 * place), "note": .text(note),
                ])
            }
            try load(rows, into: "lab.map", server.folder, analysis: "t-SNE")
            try load(
                (0..<4).map { row(["path": .text("p\($0).png"), "label": .text($0 < 3 ? "rose" : "lily")]) },
                into: "labels", server.folder)
            try load([row(["path": "elsewhere.png", "kind": "x"])], into: "foreign", server.folder)
            let (header, _) = try parts(await server.get("/maps/lab.map/points"), of: Float.self)
            try await body(server, try #require(header["version"]?.string))
        }
    }

    private func post(
        _ server: TestServer, _ path: String, _ body: String, headers: [String: String] = [:]
    ) async throws -> Answer {
        try await server.ask(
            "POST", path, body, headers: ["Content-Type": "application/json"].merging(headers) { $1 })
    }

    // MARK: Looking

    @Test("Tables with coordinates are listed; others are not") func list() async throws {
        try await withServer { server in
            #expect(try await server.get("/maps").text.contains("There is no map yet."))
            try load(
                [row(["path": "a", "pc1": 1.0, "pc2": 2.0, "pc3": 3.0])], into: "components", server.folder,
                analysis: "PCA")
            try load([row(["path": "a", "x": 1.0, "y": "north"])], into: "places", server.folder)
            try load([row(["path": "a", "x": 1.0])], into: "line", server.folder)
            let page = try await server.get("/maps")
            #expect(page.status == 200 && page.text.contains("href=\"/maps/components\""))
            #expect(page.text.contains("pc1 × pc3") && page.text.contains("PCA"))
            #expect(!page.text.contains("places") && !page.text.contains("/maps/line"))
            let plane = try await server.get("/maps/components/points?axes=pc1,pc3")
            #expect(try parts(plane, of: Float.self).numbers == [1, 3])
            #expect(try await server.get("/maps/components?axes=pc3,pc1").status == 400)
            #expect(try await server.get("/maps/components/points?axes=x").errorStatus == "INVALID_ARGUMENT")
        }
    }

    @Test("Places come as floats in the order of the keys") func points() async throws {
        try await withMap { server, version in
            let answer = try await server.get("/maps/lab.map/points?axes=x,y")
            #expect(answer.headers["content-type"] == "application/octet-stream")
            let (header, numbers) = try parts(answer, of: Float.self)
            #expect(numbers == [4, 16, 3, 9, 2, 4, 1, 1, 0, 0])
            #expect(header["count"]?.integer == 5 && header["leftOut"]?.integer == 0)
            #expect(header["version"]?.string == version)
        }
    }

    @Test("Columns of the table and of tables about the same images can colour it") func columns() async throws {
        try await withMap { server, version in
            let groups = try #require(try await server.get("/maps/lab.map/columns").json.elements)
            #expect(groups.map { $0["from"]?.string } == ["", "table:labels"])
            #expect(
                groups[0]["columns"]?.elements?.map { $0["name"]?.string } == ["cluster", "score \"q\"", "note"])
            func column(_ query: String) async throws -> Answer {
                try await server.get("/maps/lab.map/column?version=\(version)&\(query)")
            }
            let (clusters, codes) = try parts(await column("name=cluster"), of: UInt8.self)
            #expect(clusters["names"]?.elements?.map(\.string) == ["0", "1"] && codes == [0, 1, 0, 1, 0])
            #expect(clusters["counts"]?.floats == [3, 2] && clusters["mayBeNumber"]?.bool == true)
            let (scores, values) = try parts(await column("name=score%20%22q%22"), of: Float.self)
            #expect(scores["kind"]?.string == "number" && values == [2, 1.5, 1, 0.5, 0])
            #expect(scores["greatest"]?.double == 2)
            let (notes, noted) = try parts(await column("name=NOTE"), of: UInt8.self)
            #expect(notes["names"]?.elements?.map(\.string) == ["<b>0</b>", "<b>1</b>"])
            #expect(noted == [1, 0, 3, 1, 0] && notes["missing"]?.integer == 1)
            let (labels, labelled) = try parts(await column("from=table:labels&name=label"), of: UInt8.self)
            #expect(labels["names"]?.elements?.map(\.string) == ["rose", "lily"] && labelled == [0, 0, 0, 1, 3])
            #expect(try parts(await column("name=cluster&as=number"), of: Float.self).numbers == [0, 1, 0, 1, 0])

            for (query, status) in [
                ("name=none", 400), ("name=", 400), ("from=table:none&name=a", 404),
                ("from=table:a;b&name=a", 400),
                ("from=elsewhere&name=a", 400), ("from=store:none&name=Modality", 404),
                ("name=cluster%22%20FROM%20labels%20--", 400),
            ] { #expect(try await column(query).status == status, "\(query)") }
            #expect(try await server.get("/maps/lab.map/column?version=0&name=cluster").status == 409)

            // Two rows of one image that say different things.
            try load(
                [row(["path": "p1.png", "k": "a"]), row(["path": "p1.png", "k": "b"])], into: "twice",
                server.folder)
            let twice = try await column("from=table:twice&name=k")
            #expect(twice.status == 400 && twice.text.contains("different values"))
        }
    }

    @Test("Rare values are told together") func others() async throws {
        try await withServer { server in
            try load(
                (0..<600).map {
                    row(["id": .integer(Int64($0)), "x": 0.0, "y": 0.0, "t": .text("v\($0 < 300 ? 0 : $0)")])
                },
                into: "m", server.folder)
            let version =
                try parts(await server.get("/maps/m/points"), of: Float.self).header["version"]?.string ?? ""
            let (header, codes) = try parts(
                await server.get("/maps/m/column?version=\(version)&name=t"), of: UInt8.self)
            #expect(header["names"]?.elements?.count == 250 && header["otherValues"]?.integer == 51)
            #expect(header["others"]?.integer == 51 && codes.count { $0 == 250 } == 51)
            #expect(header["names"]?.elements?.first?.string == "v0" && codes.count { $0 == 0 } == 300)
        }
    }

    @Test("A point tells its names, a search those that have a text in them") func names() async throws {
        try await withMap { server, version in
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
        try await withMap { server, version in
            for path in [
                "", "/points", "/columns", "/column?version=\(version)&name=x", "/search?q=a&version=\(version)",
            ] {
                let answer = try await server.get("/maps/\(name)\(path)")
                #expect(answer.status == 400 || answer.status == 404, "\(path)")
                #expect(!path.isEmpty || !answer.text.contains("<script>"))
            }
            let body = #"{"version": "\#(version)", "ranges": [0, 1], "name": "new"}"#
            let refused = try await post(server, "/maps/\(name)/selections", body)
            #expect(refused.status == 400 || refused.status == 404)
        }
    }

    @Test("A table of more points than a map has is refused in words") func limit() async throws {
        var settings = ServerSettings()
        settings.maximumMapPoints = 4
        try await withServer(settings: settings) { server in
            func rows(_ count: Int) -> [TableRow] {
                (0..<count).map { row(["id": .integer(Int64($0)), "x": .real(Double($0)), "y": 0.0]) }
            }
            try load(rows(5), into: "m", server.folder)
            let answer = try await server.get("/maps/m/points")
            #expect(answer.status == 400 && answer.text.contains("5 rows") && answer.text.contains("4 at most"))
            #expect(try await server.get("/maps/m").status == 200)
            try load(rows(4), into: "m", server.folder)
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
                try load(
                    files.enumerated().map {
                        row(["id": .integer(Int64($0)), "file": .text($1), "x": 0.0, "y": 0.0])
                    }
                        + [row(["id": 99, "file": "a.png", "x": 0.0, "y": 0.0])],
                    into: "m", server.folder)
                let (header, _) = try parts(await server.get("/maps/m/points"), of: Float.self)
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
            try load(
                [("1.3.1", "9.1"), ("1.3.1", "9.2"), ("1.3.2", "9.3"), ("1.3.9", "9.9")].enumerated().map {
                    index, uids in
                    row([
                        "study": "1.1", "series": .text(uids.0), "instance": .text(uids.1), "frame": .null,
                        "x": .real(Double(index)), "y": 0.0,
                    ])
                }, into: "m", server.folder)
            try load(
                [("9.2", "ACME"), ("9.3", "Other")].map {
                    row(["SOPInstanceUID": .text($0.0), "Manufacturer": .text($0.1)])
                }, into: "metadata", server.folder)
            let version =
                try parts(await server.get("/maps/m/points"), of: Float.self).header["version"]?.string ?? ""
            let groups = try #require(try await server.get("/maps/m/columns").json.elements)
            #expect(groups.map { $0["from"]?.string } == ["", "table:metadata", "store:d/s"])
            func colours(_ query: String) async throws -> (names: [String?]?, codes: [UInt8]) {
                let (header, codes) = try parts(
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

    // MARK: Writing

    @Test("Labels are written beside the map, colour it, and are undone") func labels() async throws {
        try await withMap { server, version in
            func label(_ changes: String, table: String = "marks", version: String) async throws -> Answer {
                try await post(
                    server, "/maps/lab.map/labels",
                    #"{"version": "\#(version)", "axes": "x,y", "table": "\#(table)", "column": "kind", "changes": \#(changes)}"#
                )
            }
            let made = try await label(#"[{"value": "good", "ranges": [0, 2, 4, 1]}]"#, version: version)
            #expect(made.status == 200 && made.json["rows"]?.integer == 3 && made.json["changed"]?.integer == 3)
            let columns = try await server.get("/maps/lab.map/columns").json.elements
            #expect(columns?.contains { $0["from"]?.string == "table:marks" } == true)
            let query = "/maps/lab.map/column?version=\(version)&from=table:marks&name=kind"
            #expect(try parts(await server.get(query), of: UInt8.self).numbers == [0, 0, 2, 2, 0])
            let warehouse = try Warehouse(home: TestEngine.home(server.folder + "/home"))
            #expect(
                try warehouse.query("SELECT path, kind FROM marks ORDER BY path").rows == [
                    ["p0.png", "good"], ["p1.png", "good"], ["p4.png", "good"],
                ])
            let undone = try await post(
                server, "/maps/lab.map/labels",
                #"{"version": "\#(version)", "table": "marks", "column": "kind", "changes": \#(String(decoding: try made.json["previous"]!.serialized(), as: UTF8.self))}"#
            )
            #expect(undone.status == 200 && undone.json["rows"]?.integer == 0)
            #expect(try !warehouse.tables().map(\.description).contains("marks"))

            #expect(
                try await label(#"[{"value": "x", "ranges": [0, 1]}]"#, table: "labels", version: version).status
                    == 409)
            #expect(
                try await label(#"[{"value": "x", "ranges": [0, 1]}]"#, table: "lab.map", version: version).status
                    == 409)
            // Somebody loads the map anew.
            try load([row(["path": "p9.png", "x": 1.0, "y": 1.0])], into: "lab.map", server.folder)
            let late = try await label(#"[{"value": "x", "ranges": [0, 1]}]"#, version: version)
            #expect(late.status == 409 && late.text.contains("changed meanwhile"))
            #expect(try warehouse.tables().map(\.description) == ["foreign", "lab.map", "labels"])
        }
    }

    @Test("A selection becomes a table or a file") func selections() async throws {
        try await withMap { server, version in
            let body = #"{"version": "\#(version)", "ranges": [1, 2], "name": "part"}"#
            let made = try await post(server, "/maps/lab.map/selections", body)
            #expect(made.status == 200 && made.json["rows"]?.integer == 2)
            let warehouse = try Warehouse(home: TestEngine.home(server.folder + "/home"))
            #expect(try warehouse.query("SELECT * FROM part").rows == [["p1.png"], ["p2.png"]])
            #expect(try await post(server, "/maps/lab.map/selections", body).status == 409)
            let mark = try #require(made.json["mark"]?.string)
            #expect(try await server.ask("DELETE", "/maps/lab.map/selections/part?mark=x").status == 409)
            #expect(try await server.ask("DELETE", "/maps/lab.map/selections/labels?mark=\(mark)").status == 409)
            #expect(try await server.ask("DELETE", "/maps/lab.map/selections/part?mark=\(mark)").status == 200)
            #expect(try !warehouse.tables().map(\.description).contains("part"))

            let file = try await post(
                server, "/maps/lab.map/export", #"{"version": "\#(version)", "ranges": [3, 2]}"#)
            #expect(file.text == "path,x,y\np3.png,1.0,1.0\np4.png,0.0,0.0\n")
            #expect(file.headers["content-type"] == "text/csv; charset=utf-8")
        }
    }

    @Test(
        "A wish that makes no sense changes nothing",
        arguments: [
            #"{}"#, #"[]"#, #"{"version": 1}"#, #"{"version": "V"}"#,
            #"{"version": "V", "name": "a b", "ranges": [0, 1]}"#,
            #"{"version": "V", "name": "new", "ranges": [0]}"#, #"{"version": "V", "name": "new", "ranges": []}"#,
            #"{"version": "V", "name": "new", "ranges": [-1, 2]}"#,
            #"{"version": "V", "name": "new", "ranges": [0, 6]}"#,
            #"{"version": "V", "name": "new", "ranges": [0, 0]}"#,
            #"{"version": "V", "name": "new", "ranges": [2, 1, 0, 1]}"#,
            #"{"version": "V", "name": "new", "ranges": [0.5, 1]}"#,
            #"{"version": "V", "name": "new", "ranges": ["0", 1]}"#,
            #"{"version": "V", "name": "new", "ranges": [9e18, 9e18]}"#,
            #"{"version": "V", "name": "new", "ranges": [[0, 1]]}"#,
            #"{"version": "V", "name": "sqlite_x", "ranges": [0, 1]}"#,
            #"{"version": "V", "axes": "a,b", "name": "new", "ranges": [0, 1]}"#,
        ])
    func wrong(body: String) async throws {
        try await withMap { server, version in
            let text = body.replacing("\"V\"", with: "\"\(version)\"")
            #expect(try await post(server, "/maps/lab.map/selections", text).status == 400, "\(text)")
            let changes = text.replacing(
                "\"ranges\"", with: #""table": "new", "column": "c", "changes": [{"value": "x"}], "r""#)
            #expect(try await post(server, "/maps/lab.map/labels", changes).status == 400, "\(changes)")
            let plain = try await post(
                server, "/maps/lab.map/selections",
                #"{"version": "\#(version)", "name": "new", "ranges": [0, 1]}"#,
                headers: ["Content-Type": "text/plain"])
            #expect(plain.status == 415)
            let tables = try Warehouse(home: TestEngine.home(server.folder + "/home")).tables()
            #expect(tables.map(\.description) == ["foreign", "lab.map", "labels"])
        }
    }

    @Test(
        "Labels are texts of a sensible length",
        arguments: [#""""#, "7", "\"\(String(repeating: "x", count: 1001))\"", #""a\u0000b""#, "[]"])
    func wrongLabels(value: String) async throws {
        try await withMap { server, version in
            let answer = try await post(
                server, "/maps/lab.map/labels",
                #"{"version": "\#(version)", "table": "t", "column": "c", "changes": [{"value": \#(value), "ranges": [0, 1]}]}"#
            )
            #expect(answer.status == 400, "\(answer.text)")
        }
    }

    @Test("Who may only read sees no forms and writes nothing; the log says who wrote how much") func roles()
        async throws
    {
        try await withMap { server, version in
            let reader = ["Authorization": "Bearer \(try await server.token("reader", .read))"]
            let writer = ["Authorization": "Bearer \(try await server.token("writer", .write))"]
            let selection = #"{"version": "\#(version)", "name": "new", "ranges": [0, 2]}"#
            let labels =
                #"{"version": "\#(version)", "table": "t", "column": "c", "changes": [{"value": "v", "ranges": [0, 2]}]}"#
            let page = try await server.ask("GET", "/maps/lab.map", headers: reader).text
            #expect(page.contains("id=\"map\"") && !page.contains("label-form") && !page.contains("table-form"))
            for (path, body) in [("selections", selection), ("labels", labels)] {
                #expect(try await post(server, "/maps/lab.map/\(path)", body).status == 401)
                #expect(try await post(server, "/maps/lab.map/\(path)", body, headers: reader).status == 403)
            }
            let drop = try await server.ask("DELETE", "/maps/lab.map/selections/labels?mark=", headers: reader)
            #expect(drop.status == 403)
            #expect(try await post(server, "/maps/lab.map/export", selection, headers: reader).status == 200)
            #expect(try await server.ask("GET", "/maps/lab.map", headers: writer).text.contains("label-form"))
            let evil = ["Origin": "https://evil.example"].merging(writer) { $1 }
            #expect(try await post(server, "/maps/lab.map/labels", labels, headers: evil).status == 403)
            #expect(try await post(server, "/maps/lab.map/labels", labels, headers: writer).status == 200)
            try server.server.context.audit.flush(now: true)
            let log = try server.auditText()
            #expect(
                log.contains(#""who": "writer", "what": "POST /maps/{table}/labels", "resources": {"table": "#))
            #expect(log.contains(#""instances": 2"#))
        }
    }
}

extension TestServer {
    /// All that the audit log holds.
    fileprivate func auditText() throws -> String {
        let folder = folder + "/home/audit"
        return try FileManager.default.contentsOfDirectory(atPath: folder).map {
            try String(contentsOfFile: folder + "/" + $0, encoding: .utf8)
        }.joined()
    }
}
