import Catalog
import Foundation
import HTTPTypes
import LightboxCore
import Serving
import Warehouse
import WireFormats

/// What is done with points that were chosen on a map: a file of them, a table of their keys, labels.
///
/// Points are named by their numbers, together with the version of the map that they were chosen on.
struct MapSelectionRoutes: RouteGroup {
    private let context: ServerContext
    private static let longestLabel = 1000

    init(_ context: ServerContext) { self.context = context }

    var routes: [Route] {
        let map = "/maps/{table}"
        return [
            Route(
                .post, map + "/export", .page, .read, "Points that were chosen, as CSV.",
                .init(mediaType: "text/csv"), handler: export),
            Route(
                .post, map + "/selections", .page, .write, "Write the keys of points into a new table.",
                handler: select),
            Route(
                .delete, map + "/selections/{selection}", .page, .write, "Remove such a table again.",
                handler: unselect),
            Route(
                .post, map + "/labels", .page, .write, "Label points in a table beside the map's.", handler: label),
        ]
    }

    /// A body: `{"version": …, "axes": …, …}`.
    private struct Wish {
        let body: JSONValue
        let version: String
        let axes: String?

        init(_ call: Call) throws {
            guard call.contentType == "application/json" else {
                throw ServerError(.unsupportedMedia, "The page sends JSON.")
            }
            body = try JSONValue(parsing: call.body)
            axes = body["axes"]?.string
            guard let version = body["version"]?.string else {
                throw ServerError(.invalidArgument, "version: the map's, as it came with its points.")
            }
            self.version = version
        }

        func text(_ name: String) throws -> String {
            guard let text = body[name]?.string, !text.isEmpty else {
                throw ServerError(.invalidArgument, "\(name) is missing.")
            }
            return text
        }
    }

    // MARK: Files

    @Sendable private func export(_ call: Call) async throws -> Reply {
        let wish = try Wish(call)
        return try await onOwnThread { [context] in
            let map = try context.maps.map(call["table"], axes: wish.axes, version: wish.version)
            let chosen = try IndexRanges(wish.body["ranges"], within: map.points.count)
            var text = CSVWriter.row(map.table.keys + [map.axes.x, map.axes.y])
            for index in chosen.ranges.joined() {
                let position = map.points.positions[(2 * index)..<(2 * index + 2)]
                text += CSVWriter.row(map.points.keys.map { $0[index] ?? "" } + position.map { "\($0)" })
            }
            var reply = Reply(text, type: "text/csv; charset=utf-8")
            reply.headers[.contentDisposition] = "attachment; filename=\"\(map.table.name).csv\""
            reply.headers[.cacheControl] = "no-store"
            reply.instances = chosen.count
            return reply
        }
    }

    // MARK: Tables

    @Sendable private func select(_ call: Call) async throws -> Reply {
        let wish = try Wish(call)
        let table = try TableName(try wish.text("name"))
        return try await onOwnThread { [self] in
            let map = try context.maps.map(call["table"], axes: wish.axes, version: wish.version)
            let chosen = try IndexRanges(wish.body["ranges"], within: map.points.count)
            guard chosen.count > 0 else { throw ServerError(.invalidArgument, "ranges: choose a point.") }
            let mark = UUID().uuidString.lowercased()
            let rows = try writing(call) { warehouse in
                try warehouse.write(
                    selection: chosen.ranges, of: map.query, keys: map.table.identity, version: wish.version,
                    into: table, mark: mark, at: Date())
            }
            var reply = Reply(
                .object([
                    JSONMember("table", .string(table.description)), JSONMember("rows", .integer(Int64(rows))),
                    JSONMember("mark", .string(mark)),
                ]))
            reply.instances = rows
            return reply
        }
    }

    @Sendable private func unselect(_ call: Call) async throws -> Reply {
        let table = try TableName(call["selection"])
        return try await onOwnThread { [self] in
            try writing(call) { try $0.dropSelection(table, mark: call.query["mark"] ?? "") }
            return .empty
        }
    }

    // MARK: Labels

    @Sendable private func label(_ call: Call) async throws -> Reply {
        let wish = try Wish(call)
        let (table, column) = (try TableName(try wish.text("table")), try wish.text("column"))
        return try await onOwnThread { [self] in
            let map = try context.maps.map(call["table"], axes: wish.axes, version: wish.version)
            let changes = try changes(wish.body["changes"], within: map.points.count)
            let report = try writing(call) { warehouse in
                try warehouse.write(
                    PointLabels(table: table, column: column, changes: changes), of: map.query,
                    keys: map.table.identity, version: wish.version, at: Date())
            }
            var reply = Reply(
                .object([
                    JSONMember("table", .string(table.description)), JSONMember("column", .string(column)),
                    JSONMember("rows", .integer(Int64(report.rows))),
                    JSONMember("changed", .integer(Int64(report.changed))),
                    JSONMember(
                        "previous",
                        .array(
                            report.previous.map { change in
                                .object([
                                    JSONMember("value", change.value.map { .string($0) } ?? .null),
                                    JSONMember("ranges", IndexRanges(ranges: change.points).json),
                                ])
                            })),
                ]))
            reply.instances = report.changed
            return reply
        }
    }

    private func changes(_ json: JSONValue?, within count: Int) throws -> [PointLabels.Change] {
        guard let elements = json?.elements, (1...1000).contains(elements.count) else {
            throw ServerError(.invalidArgument, "changes: a list of value and ranges.")
        }
        return try elements.map { element in
            let value = element["value"]
            guard value == .null || (1...Self.longestLabel).contains(value?.string?.utf8.count ?? 0) else {
                throw ServerError(
                    .invalidArgument, "value: a text of 1 to \(Self.longestLabel) bytes, or null for none.")
            }
            guard value?.string?.utf8.contains(0) != true else {
                throw ServerError(.invalidArgument, "value: no NUL characters.")
            }
            let chosen = try IndexRanges(element["ranges"], within: count)
            return PointLabels.Change(value: value?.string, points: chosen.ranges)
        }
    }

    /// A map that has proved to be another is read anew the next time.
    private func writing<Value>(_ call: Call, _ body: (Warehouse) throws -> Value) throws -> Value {
        guard let warehouse = try context.maps.warehouse() else {
            throw ServerError(.noSuchRoute, "The home has no tables.")
        }
        do {
            return try body(warehouse)
        } catch let error as WarehouseError where error.code == .changed {
            context.maps.forget(call["table"])
            throw error
        }
    }
}

/// Numbers of points, as pages send them: start and length of each run, one after the other.
struct IndexRanges {
    private(set) var ranges: [Range<Int>] = []

    var count: Int { ranges.reduce(0) { $0 + $1.count } }

    init(ranges: [Range<Int>]) { self.ranges = ranges }

    /// - Parameter numbers: in rising order.
    init(_ numbers: [Int]) {
        for number in numbers {
            if let last = ranges.last, last.upperBound == number {
                ranges[ranges.count - 1] = last.lowerBound..<(number + 1)
            } else {
                ranges.append(number..<(number + 1))
            }
        }
    }

    /// - Throws: ``ServerError`` for anything but rising runs of points that there are.
    init(_ json: JSONValue?, within count: Int) throws {
        let problem = ServerError(
            .invalidArgument,
            "ranges: start and length of each run of points, in rising order, one after the other.")
        let numbers: [Double]
        switch json {
        case .numbers(let list)?: numbers = list
        case .array(let list)? where list.isEmpty: numbers = []
        default: throw problem
        }
        guard numbers.count.isMultiple(of: 2) else { throw problem }
        var end = 0
        for place in stride(from: 0, to: numbers.count, by: 2) {
            guard let start = Int(exactly: numbers[place]), let length = Int(exactly: numbers[place + 1]),
                start >= end, length > 0, length <= count, start <= count - length
            else { throw problem }
            ranges.append(start..<(start + length))
            end = start + length
        }
    }

    var json: JSONValue { .numbers(ranges.flatMap { [Double($0.lowerBound), Double($0.count)] }) }
}
