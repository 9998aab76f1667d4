import Foundation
import LightboxCore
import Server
import TestSupport
import Testing
import Warehouse
import WireFormats

/// Made-up maps, and what reads their numbers.
enum MapSamples {
    /// A picture's answer: the JSON text before the numbers, and these.
    static func parts<Number>(_ answer: Answer, of _: Number.Type) throws -> (
        header: JSONValue, numbers: [Number]
    ) {
        try #require(answer.status == 200, "\(answer.text)")
        let length = answer.body.prefix(4).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        try #require(length % 4 == 0 && 4 + length <= answer.body.count)
        let header = try JSONValue(parsing: String(decoding: answer.body[4..<(4 + length)], as: UTF8.self))
        let rest = Array(answer.body.dropFirst(4 + length))
        return (header, rest.withUnsafeBytes { Array($0.bindMemory(to: Number.self)) })
    }

    static func row(_ cells: KeyValuePairs<String, SQLValue>) -> TableRow {
        TableRow(cells.map { .init($0.key, $0.value) })
    }

    static func load(_ rows: [TableRow], into table: String, _ folder: String, analysis: String? = nil) throws {
        let notes = analysis.map { ["analysis": $0] } ?? [:]
        try Warehouse(home: TestEngine.home(folder + "/home")).load(
            rows, into: TableName(table), disposition: .truncate,
            from: Provenance(source: "flowers", notes: notes), at: Date(timeIntervalSince1970: 1_790_000_000))
    }

    /// A server with the map `lab.map` of five points, of which four have labels elsewhere.
    static func withMap(
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
}
