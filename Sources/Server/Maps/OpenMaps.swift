import Foundation
import LightboxCore
import Synchronization
import Warehouse

/// The points of a map in memory.
struct OpenMap: Sendable {
    let table: MapTable
    let axes: MapTable.Axes
    let points: PointRows

    var query: PointQuery { table.query(axes) }

    /// What names a point, by column.
    func names(of index: Int) -> [(column: String, text: String)] {
        zip(table.keys, points.keys).compactMap { column, texts in texts[index].map { (column, $0) } }
    }
}

/// Maps that were looked at lately, each read once until its table is another.
final class OpenMaps: Sendable {
    private struct Key: Hashable {
        let table: TableName
        let axes: MapTable.Axes
    }

    private struct Entry {
        let map: OpenMap
        /// What the table was made of, and how many rows it had.
        let stamp: Stamp
        var goodUntil: ContinuousClock.Instant
        var lastUse: ContinuousClock.Instant
    }

    private struct Stamp: Hashable {
        let history: [LoadRecord]
        let rows: Int
    }

    private struct State {
        var warehouse: Warehouse?
        var entries: [Key: Entry] = [:]

        var size: Int { entries.values.reduce(0) { $0 + $1.map.points.size } }
    }

    private static let trust = Duration.seconds(1)
    private static let mostBytes = 1 << 30
    private static let mostMaps = 8

    private let home: Home
    private let mostPoints: Int
    private let state = Mutex(State())

    init(home: Home, mostPoints: Int) {
        self.home = home
        self.mostPoints = mostPoints
    }

    /// nil for a home without tables.
    func warehouse() throws -> Warehouse? {
        try state.withLock { state in
            if let warehouse = state.warehouse { return warehouse }
            guard Warehouse.exists(in: home) else { return nil }
            let warehouse = try Warehouse(home: home)
            state.warehouse = warehouse
            return warehouse
        }
    }

    /// All tables that have coordinates.
    func tables() throws -> [MapTable] {
        guard let warehouse = try warehouse() else { return [] }
        return try warehouse.tables().compactMap { name in
            try warehouse.schema(of: name).flatMap { MapTable(name, $0) }
        }
    }

    /// A table and one of its planes.
    ///
    /// - Parameter axes: as ``MapTable/Axes/name``; nil for the first.
    func table(_ name: String, axes: String?) throws -> (MapTable, MapTable.Axes) {
        let name = try TableName(name)
        guard let schema = try warehouse()?.schema(of: name), let table = MapTable(name, schema) else {
            throw ServerError(
                .noSuchRoute,
                "There is no table '\(name)' with coordinates. Make one with `lightbox analyze umap … --output \(name)`."
            )
        }
        guard let axes, !axes.isEmpty else { return (table, table.axes[0]) }
        guard let chosen = table.axes.first(where: { $0.name == axes }) else {
            throw ServerError(
                .invalidArgument,
                "axes: '\(name)' has the planes \(table.axes.map(\.name).joined(separator: " and ")).")
        }
        return (table, chosen)
    }

    /// The points of a table.
    ///
    /// - Throws: ``ServerError`` for a table that is no map or has too many rows. It may block for seconds.
    func map(_ name: String, axes: String?) throws -> OpenMap {
        let (table, axes) = try table(name, axes: axes)
        let key = Key(table: table.name, axes: axes)
        let known = state.withLock { state -> Entry? in
            state.entries[key]?.lastUse = .now
            return state.entries[key]
        }
        if let known, known.goodUntil > .now, known.map.table.schema == table.schema { return known.map }
        guard let warehouse = try warehouse() else { throw ServerError(.noSuchRoute, "The home has no tables.") }
        // First the history: a load in between is seen at the next look.
        let stamp = Stamp(
            history: try warehouse.history(of: table.name), rows: try warehouse.rowCount(of: table.name))
        guard stamp.rows <= mostPoints else {
            throw ServerError(
                .notOffered,
                "The table '\(table.name)' has \(stamp.rows) rows, and a map shows \(mostPoints) at most. Make a table of "
                    + "fewer, as with `lightbox analyze … --where`.")
        }
        var map = known?.map
        if known?.stamp != stamp || map?.table.schema != table.schema {
            map = OpenMap(table: table, axes: axes, points: try warehouse.points(table.query(axes)))
        }
        guard let map else { throw ServerError(.noSuchRoute, "The table is gone.") }
        keep(Entry(map: map, stamp: stamp, goodUntil: .now + Self.trust, lastUse: .now), key)
        return map
    }

    /// The points as the caller knows them.
    ///
    /// - Throws: ``WarehouseError`` `changed` when they are others.
    func map(_ name: String, axes: String?, version: String) throws -> OpenMap {
        let map = try map(name, axes: axes)
        try map.points.check(is: version, map.table.name)
        return map
    }

    /// For a table that has proved to be another than it seemed.
    func forget(_ name: String) {
        state.withLock { state in
            state.entries = state.entries.filter { $0.key.table.description.lowercased() != name.lowercased() }
        }
    }

    private func keep(_ entry: Entry, _ key: Key) {
        state.withLock { state in
            state.entries[key] = entry
            while state.entries.count > 1, state.entries.count > Self.mostMaps || state.size > Self.mostBytes,
                let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.entries[oldest.key] = nil
            }
        }
    }
}
