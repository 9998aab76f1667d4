import LightboxCore
import Warehouse

/// A table of the warehouse whose rows lie on a plane, as `lightbox analyze` makes it.
struct MapTable: Sendable {
    /// Two columns of numbers.
    struct Axes: Sendable, Hashable {
        let x: String
        let y: String

        /// `x,y`
        var name: String { "\(x),\(y)" }
    }

    let name: TableName
    let schema: TableSchema
    /// The planes that it has, the likeliest first; never empty.
    let axes: [Axes]
    /// Columns that name a row: texts or whole numbers.
    let keys: [String]

    /// nil for a table without coordinates.
    init?(_ name: TableName, _ schema: TableSchema) {
        let numbers = schema.columns.filter { $0.type == .real || $0.type == .integer }
        func number(_ wanted: String) -> String? { numbers.first { $0.name.lowercased() == wanted }?.name }
        axes = Self.pairs.compactMap { x, y in
            guard let x = number(x), let y = number(y) else { return nil }
            return Axes(x: x, y: y)
        }
        guard !axes.isEmpty else { return nil }
        self.name = name
        self.schema = schema
        keys = RowNames.columns(of: schema)
    }

    private static let pairs = [
        ("x", "y"), ("umap_x", "umap_y"), ("tsne_x", "tsne_y"), ("umap1", "umap2"), ("tsne1", "tsne2"),
        ("pc1", "pc2"), ("pc1", "pc3"), ("pc2", "pc3"),
    ]

    /// The keys that tables of selections and labels get: where a file lies says no more than its other names.
    var identity: [String] {
        let others = keys.filter { $0.lowercased() != "file" }
        return others.isEmpty ? keys : others
    }

    func query(_ axes: Axes) -> PointQuery { PointQuery(name, keys: keys, x: axes.x, y: axes.y) }
}

/// Columns that name an image, under the names that tables give them.
enum RowNames {
    /// Each line is one thing. The first that two tables have joins them.
    private static let groups = [
        ["instance", "sopinstanceuid", "sop_instance_uid"], ["path", "image", "image_path"], ["file"], ["id"],
        ["series", "seriesinstanceuid", "series_instance_uid"],
        ["study", "studyinstanceuid", "study_instance_uid"],
        ["patient", "patientid", "patient_id"],
    ]
    private static let frame = "frame"

    static func columns(of schema: TableSchema) -> [String] {
        let names = schema.columns.filter { $0.type == .text || $0.type == .integer }.map(\.name)
        let images = groups.flatMap(\.self).compactMap { word in names.first { $0.lowercased() == word } }
        return images.isEmpty ? [] : images + names.filter { $0.lowercased() == frame }
    }

    /// Whether a column tells one row from all others, rather than a group of them.
    static func isUnique(_ column: String) -> Bool {
        groups.prefix(4).contains { $0.contains(column.lowercased()) } || column.lowercased() == frame
    }

    /// The columns by which the rows of another table are found; nil when the two have nothing in common.
    static func join(_ own: [String], _ theirs: TableSchema) -> [(own: String, theirs: String)]? {
        let others = columns(of: theirs)
        for group in groups {
            guard let mine = own.first(where: { group.contains($0.lowercased()) }),
                let other = others.first(where: { group.contains($0.lowercased()) })
            else { continue }
            let frames = [own, others].compactMap { $0.first { $0.lowercased() == frame } }
            return [(mine, other)] + (frames.count == 2 && isUnique(mine) ? [(frames[0], frames[1])] : [])
        }
        return nil
    }

    /// The column of a thing: `instance`, `path`, `file`, `series` …
    static func column(_ thing: String, in columns: [String]) -> String? {
        guard let group = groups.first(where: { $0[0] == thing }) ?? (thing == frame ? [frame] : nil) else {
            return nil
        }
        return columns.first { group.contains($0.lowercased()) }
    }
}
