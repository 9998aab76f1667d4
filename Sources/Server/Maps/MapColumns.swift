import DICOM
import DICOMStore
import LightboxCore
import Warehouse
import WireFormats

/// The columns that can colour a map: its own, those of tables about the same images, and what DICOM stores know.
struct MapColumns {
    enum Source: Equatable {
        case own
        case table(TableName)
        case store(DICOMStoreName)

        /// - Parameter text: empty, `table:NAME` or `store:DATASET/STORE`.
        init(_ text: String) throws {
            if text.isEmpty {
                self = .own
            } else if text.hasPrefix("table:") {
                self = .table(try TableName(String(text.dropFirst(6))))
            } else if text.hasPrefix("store:") {
                self = .store(try DICOMStoreName(String(text.dropFirst(6))))
            } else {
                throw ServerError(.invalidArgument, "from is empty, table:NAME or store:DATASET/STORE.")
            }
        }
    }

    struct Group {
        let source: String
        let title: String
        let columns: [TableSchema.Column]
    }

    let map: OpenMap
    let warehouse: Warehouse
    let stores: OpenStores

    private static let mostTables = 200

    // MARK: What there is

    func groups() throws -> [Group] {
        let axes = [map.axes.x, map.axes.y]
        let own = map.table.schema.columns.filter {
            Self.canColour($0) && !RowNames.isUnique($0.name) && !axes.contains($0.name)
        }
        var groups = [Group(source: "", title: map.table.name.description, columns: own)]
        let end = ContinuousClock.now + Self.patienceWithAll
        for name in try warehouse.tables().prefix(Self.mostTables) where name != map.table.name {
            guard let schema = try warehouse.schema(of: name), let pairs = RowNames.join(map.table.keys, schema)
            else {
                continue
            }
            let names = RowNames.columns(of: schema) + ["x", "y"]
            let columns = schema.columns.filter { Self.canColour($0) && !names.contains($0.name) }
            guard !columns.isEmpty, try .now > end || share(pairs[0], with: name) else { continue }
            groups.append(Group(source: "table:\(name)", title: "\(name)", columns: columns))
        }
        for store in try knownStores() {
            groups.append(
                Group(
                    source: "store:\(store)", title: "DICOM store \(store)",
                    columns: Self.attributes.map { .init($0.keyword, .text) }))
        }
        return groups
    }

    /// Whether the two tables speak of the same images, as far as some of the names of each tell, and a short time allows.
    private func share(_ pair: (own: String, theirs: String), with table: TableName) throws -> Bool {
        guard let place = map.table.keys.firstIndex(of: pair.own), map.points.count > 0 else { return false }
        let some = stride(from: 0, to: map.points.count, by: max(1, map.points.count / Self.mostSamples))
        let mine = some.prefix(Self.mostSamples).compactMap { map.points.keys[place][$0] }
        if try has(table, pair.theirs, mine) { return true }
        let theirs = try warehouse.query(
            "SELECT \(Self.quoted(pair.theirs)) FROM \(Self.quoted(table.description)) LIMIT \(Self.mostSamples)"
        ).rows.compactMap { $0[0].keyText }
        return try has(map.table.name, pair.own, theirs)
    }

    private static let mostSamples = 100
    private static let patience = Duration.milliseconds(200)
    private static let patienceWithAll = Duration.seconds(3)

    /// Whether a table has any of some names. One that is too large to be looked through at once counts as having.
    private func has(_ table: TableName, _ column: String, _ names: [String]) throws -> Bool {
        guard !names.isEmpty else { return false }
        let places = Array(repeating: "?", count: names.count).joined(separator: ", ")
        let sql = """
            SELECT 1 FROM \(Self.quoted(table.description))
            WHERE CAST(\(Self.quoted(column)) AS TEXT) IN (\(places)) LIMIT 1
            """
        do {
            let limits = QueryLimits(time: Self.patience)
            return try !warehouse.query(sql, names.map { .text($0) }, limits: limits).rows.isEmpty
        } catch let error as WarehouseError where error.code == .timeLimit {
            return true
        }
    }

    private static func quoted(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }

    private static func canColour(_ column: TableSchema.Column) -> Bool {
        column.type != .vector && column.type != .json
    }

    // MARK: One of them

    func colours(_ source: Source, _ name: String, as kind: PointColours.Kind?) throws -> PointColours {
        var builder = PointColours.Builder(count: map.points.count)
        switch source {
        case .own:
            let column = try column(name, of: map.table.schema, "\(map.table.name)")
            try warehouse.cells(of: column, map.query, version: map.points.version) { builder.set($0, $1) }
        case .table(let table):
            try join(table, name, &builder)
        case .store(let store):
            let values = try values(of: name, in: stores.store(store))
            guard let series = RowNames.column("series", in: map.table.keys) else { break }
            for (index, text) in keys([series]).enumerated() { builder.set(index, values[text] ?? .null) }
        }
        // The numbers of clusters are names, however many there are.
        return builder.colours(as: kind, isCluster: name.lowercased().hasPrefix("cluster"))
    }

    private func column(_ name: String, of schema: TableSchema, _ table: String) throws -> TableSchema.Column {
        guard let column = schema.columns.first(where: { $0.name.lowercased() == name.lowercased() }),
            Self.canColour(column)
        else {
            throw ServerError(.invalidArgument, "The table '\(table)' has no column of this name that can colour.")
        }
        return column
    }

    private func join(_ table: TableName, _ name: String, _ builder: inout PointColours.Builder) throws {
        guard let schema = try warehouse.schema(of: table) else {
            throw ServerError(.noSuchRoute, "There is no table '\(table)' any more.")
        }
        guard let pairs = RowNames.join(map.table.keys, schema) else {
            throw ServerError(.invalidArgument, "The table '\(table)' has no column that names the same images.")
        }
        let column = try column(name, of: schema, "\(table)")
        let selected = (pairs.map(\.theirs) + [column.name]).map(Self.quoted)
        var found: [String: SQLValue] = [:]
        var isAmbiguous = false
        try warehouse.query(
            "SELECT \(selected.joined(separator: ", ")) FROM \(Self.quoted(table.description))", columns: { _ in },
            row: { row in
                guard let value = PointColours.Builder.usable(row[pairs.count]) else { return }
                let key = Self.joined(row.prefix(pairs.count).map(\.keyText))
                if let other = found.updateValue(value, forKey: key), other != value { isAmbiguous = true }
            })
        guard !isAmbiguous else {
            throw ServerError(
                .notOffered,
                "The table '\(table)' has rows of one \(pairs[0].theirs) with different values of this column. Colour by a "
                    + "table with one row each.")
        }
        for (index, key) in keys(pairs.map(\.own)).enumerated() { builder.set(index, found[key] ?? .null) }
    }

    /// The texts of some key columns for each point.
    private func keys(_ columns: [String]) -> some Sequence<String> {
        let places = columns.compactMap { map.table.keys.firstIndex(of: $0) }
        let texts = places.map { map.points.keys[$0] }
        return (0..<map.points.count).lazy.map { index in Self.joined(texts.map { $0[index] }) }
    }

    private static func joined(_ key: [String?]) -> String {
        key.count == 1 ? key[0] ?? "" : key.map { $0 ?? "" }.joined(separator: "\u{1f}")
    }

    // MARK: DICOM stores

    /// Attributes that are one series' own.
    private static let attributes: [(keyword: String, tag: Tag)] = [
        "Modality", "InstitutionName", "Manufacturer", "ManufacturerModelName", "StationName", "BodyPartExamined",
        "ProtocolName", "SeriesDescription", "StudyDescription", "PatientSex", "StudyDate", "PatientID",
    ].compactMap { keyword in DICOMDictionary.tag(forKeyword: keyword).map { (keyword, $0) } }

    private static let mostSeries = 200_000

    /// The stores that have the series of some of the points.
    private func knownStores() throws -> [DICOMStoreName] {
        guard let column = RowNames.column("series", in: map.table.keys),
            let place = map.table.keys.firstIndex(of: column), map.points.count > 0
        else { return [] }
        let sample = stride(from: 0, to: map.points.count, by: max(1, map.points.count / 5))
        let series = Set(sample.compactMap { map.points.keys[place][$0] }.filter(PointPlaces.isUID))
        guard !series.isEmpty else { return [] }
        return try stores.catalog().stores().filter { name in
            let store = try stores.store(name)
            return try series.contains {
                try !store.instances(matching: InstanceFilter(seriesInstanceUID: $0), limit: 1).isEmpty
            }
        }
    }

    private func values(of keyword: String, in store: DICOMStore) throws -> [String: SQLValue] {
        guard let tag = Self.attributes.first(where: { $0.keyword == keyword })?.tag else {
            throw ServerError(.invalidArgument, "This attribute does not colour maps.")
        }
        let query = AttributeQuery(
            level: .series, fields: .tags([.specificCharacterSet, .seriesInstanceUID, tag]), limit: Self.mostSeries
        )
        var values: [String: SQLValue] = [:]
        for found in try store.search(query) {
            guard let series = found.string(.seriesInstanceUID), let text = found.string(tag) else { continue }
            values[series] = .text(text)
        }
        return values
    }
}

extension SQLValue {
    /// What names a row, as a text.
    fileprivate var keyText: String? {
        switch self {
        case .text(let text): text
        case .integer(let number): "\(number)"
        case .real(let number): Int64(exactly: number).map { "\($0)" } ?? "\(number)"
        default: nil
        }
    }
}
