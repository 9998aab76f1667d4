import Catalog
import Foundation
import HTTPTypes
import Imaging
import LightboxCore
import Serving
import Warehouse
import WebPages
import WireFormats

/// Maps of vectors: the pages, and what they load.
struct MapRoutes: RouteGroup {
    private let context: ServerContext
    /// Of a picture beside the pointer, in pixels.
    private static let thumbnailSide = 256

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        let map = "/maps/{table}"
        return [
            .page("/maps", "Tables that are maps.", maps),
            .page(map, "A table as a map.", query: ["axes"], page),
            data(map + "/points", "Where the points of a map lie.", type: "application/octet-stream", points),
            data(map + "/columns", "What can colour a map.", columns),
            data(map + "/column", "A column that colours a map.", type: "application/octet-stream", column),
            data(map + "/search", "The points whose names have a text in them.", search),
            data(map + "/points/{point}", "What names a point.", point),
            data(map + "/points/{point}/picture", "The picture of a point.", type: "image/jpeg", picture),
        ]
    }

    private func data(
        _ template: String, _ summary: String, type: String = "application/json",
        _ handler: @escaping Route.Handler
    ) -> Route {
        Route(.get, template, .page, .read, summary, .init(mediaType: type), handler: handler)
    }

    // MARK: Pages

    @Sendable private func maps(_ call: Call) async throws -> String {
        let context = context
        return call.pages.maps(
            try await blocking {
                let warehouse = try context.maps.warehouse()
                return try context.maps.tables().map { table in
                    let history = try warehouse?.history(of: table.name) ?? []
                    return MapSummary(
                        table: table.name.description, axes: table.axes.map(\.name),
                        rows: try warehouse?.rowCount(of: table.name) ?? 0,
                        method: history.last?.provenance.notes["analysis"] ?? "",
                        source: history.last?.provenance.source ?? "", made: history.last?.loadedAt)
                }
            })
    }

    @Sendable private func page(_ call: Call) async throws -> String {
        let context = context
        return call.pages.map(
            try await blocking {
                let (table, axes) = try context.maps.table(call["table"], axes: call.query["axes"])
                let history = try context.maps.warehouse()?.history(of: table.name).last
                return MapView(
                    table: table.name.description, axes: axes.name, planes: table.axes.map(\.name),
                    method: history?.provenance.notes["analysis"] ?? "", source: history?.provenance.source ?? "",
                    made: history?.loadedAt, identity: table.identity)
            })
    }

    // MARK: Numbers

    @Sendable private func points(_ call: Call) async throws -> Reply {
        let map = try await onOwnThread { [context] in
            try context.maps.map(call["table"], axes: call.query["axes"])
        }
        let header = JSONValue.object([
            JSONMember("version", .string(map.points.version)),
            JSONMember("count", .integer(Int64(map.points.count))),
            JSONMember("leftOut", .integer(Int64(map.points.leftOut))),
        ])
        return try BinaryParts.reply(header, map.points.positions)
    }

    @Sendable private func columns(_ call: Call) async throws -> Reply {
        let groups = try await blocking { [context] in
            let map = try context.maps.map(call["table"], axes: call.query["axes"])
            return try context.columns(of: map).groups()
        }
        return Reply(
            .array(
                groups.map { group in
                    .object([
                        JSONMember("from", .string(group.source)), JSONMember("title", .string(group.title)),
                        JSONMember(
                            "columns",
                            .array(
                                group.columns.map {
                                    .object([
                                        JSONMember("name", .string($0.name)),
                                        JSONMember("type", .string($0.type.rawValue)),
                                    ])
                                })),
                    ])
                }))
    }

    @Sendable private func column(_ call: Call) async throws -> Reply {
        let source = try MapColumns.Source(call.query["from"] ?? "")
        let name = call.query["name"] ?? ""
        let kind = call.query["as"].flatMap { PointColours.Kind(rawValue: $0) }
        return try await onOwnThread { [context] in
            let map = try context.map(call)
            do {
                return try context.columns(of: map).colours(source, name, as: kind).reply(
                    version: map.points.version)
            } catch let error as WarehouseError where error.code == .changed {
                context.maps.forget(call["table"])
                throw error
            }
        }
    }

    // MARK: Points

    @Sendable private func search(_ call: Call) async throws -> Reply {
        let words = call.query["q"] ?? ""
        guard (1...200).contains(words.utf8.count) else {
            throw ServerError(.invalidArgument, "q: search for 1 to 200 letters.")
        }
        return try await blocking { [context] in
            let map = try context.map(call)
            var isFound = Array(repeating: false, count: map.points.count)
            for texts in map.points.keys { texts.forEach(containing: words) { isFound[$0] = true } }
            let found = isFound.indices.filter { isFound[$0] }
            return Reply(
                .object([
                    JSONMember("count", .integer(Int64(found.count))),
                    JSONMember("ranges", IndexRanges(found).json),
                ]))
        }
    }

    @Sendable private func point(_ call: Call) async throws -> Reply {
        let place = "\(PageAddresses.map(call["table"]))/points/\(call["point"])"
        return try await blocking { [context] in
            let (_, index, names) = try self.names(call)
            var members = [
                JSONMember("point", .integer(Int64(index))),
                JSONMember(
                    "names",
                    .array(
                        names.map {
                            .object([
                                JSONMember("column", .string($0.column)), JSONMember("text", .string($0.text)),
                            ])
                        })),
            ]
            switch try PointPlaces(context: context, role: call.role).place(names) {
            case .instance(let instance, let frame)?:
                members.append(JSONMember("page", .string(PageAddresses.viewer(instance, frame: frame))))
                members.append(JSONMember("isInstance", .bool(true)))
            case .file?:
                members.append(JSONMember("page", .string("\(place)/picture?size=full&\(Self.state(call))")))
            case nil: break
            }
            return Reply(.object(members))
        }
    }

    @Sendable private func picture(_ call: Call) async throws -> Reply {
        let places = PointPlaces(context: context, role: call.role)
        let (place, reader) = try await blocking {
            (try places.place(try self.names(call).names), places.context.settings.models.model.images)
        }
        let isFull = call.query["size"] == "full"
        switch place {
        case .instance(let instance, let frame)?:
            var reply = Reply(status: .seeOther, [], type: "text/plain; charset=utf-8")
            reply.headers[.location] = PageAddresses.picture(
                instance, frame: frame, side: isFull ? nil : Self.thumbnailSide)
            return reply
        case .file(let file)?:
            let bytes = try await places.bytes(of: file)
            var reply = try await blocking {
                let image = try reader.image(bytes)
                guard !isFull else { return Reply(PNG.encode(image), type: "image/png") }
                return Reply(
                    try JPEG.encode(image.reduced(toSide: Self.thumbnailSide), quality: 85), type: "image/jpeg")
            }
            reply.headers[.cacheControl] = "private, max-age=300"
            reply.headers[HTTPField.Name("X-Content-Type-Options")!] = "nosniff"
            return reply
        case nil: throw ServerError(.noSuchRoute, "The table names no picture for this point.")
        }
    }

    private func names(_ call: Call) throws -> (map: OpenMap, index: Int, names: [(column: String, text: String)])
    {
        let map = try context.map(call)
        guard let index = Int(call["point"]), (0..<map.points.count).contains(index) else {
            throw ServerError(.noSuchRoute, "The map has no such point.")
        }
        return (map, index, map.names(of: index))
    }

    /// The version and the plane, as the next address needs them.
    private static func state(_ call: Call) -> String {
        PageAddresses.query(["version": call.query["version"] ?? "", "axes": call.query["axes"] ?? ""])
    }
}

extension ServerContext {
    /// The map that a call speaks of, as its caller knows it.
    func map(_ call: Call) throws -> OpenMap {
        try maps.map(call["table"], axes: call.query["axes"], version: call.query["version"] ?? "")
    }

    func columns(of map: OpenMap) throws -> MapColumns {
        guard let warehouse = try maps.warehouse() else {
            throw ServerError(.noSuchRoute, "The home has no tables.")
        }
        return MapColumns(map: map, warehouse: warehouse, stores: stores)
    }
}
