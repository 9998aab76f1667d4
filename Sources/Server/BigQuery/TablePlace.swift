import Catalog
import HTTPTypes
import LightboxCore
import Warehouse

/// How names of BigQuery's, `project.dataset.table`, and names of the warehouse's tables go together.
///
/// There is one warehouse, so that any project's name does. `dataset.table` is the table of that name; tables without a
/// dataset stand in the dataset `lightbox`; a table with a project in its name is that project's alone.
struct TablePlace: Sendable, Hashable {
    /// The dataset of tables that have none.
    static let plain = "lightbox"

    let project: String
    let dataset: String
    let table: String

    /// Names that it may have in the warehouse, the first one for a table that is made.
    var names: [String] {
        let short = dataset == Self.plain ? [table, "\(dataset).\(table)"] : ["\(dataset).\(table)"]
        return short + ["\(project).\(dataset).\(table)"]
    }

    /// `project:dataset.table`, as BigQuery's messages have it.
    var description: String { "\(project):\(dataset).\(table)" }

    /// Where a table of the warehouse stands for a project; nil for another project's.
    init?(_ name: TableName, in project: String) {
        let parts = name.description.split(separator: ".").map(String.init)
        switch parts.count {
        case 1: self.init(project: project, dataset: Self.plain, table: parts[0])
        case 2: self.init(project: project, dataset: parts[0], table: parts[1])
        default:
            guard parts[0] == project else { return nil }
            self.init(project: project, dataset: parts[1], table: parts[2])
        }
    }

    init(project: String, dataset: String, table: String) {
        (self.project, self.dataset, self.table) = (project, dataset, table)
    }
}

extension Warehouse {
    /// The table that a place means; nil when there is none.
    func table(at place: TablePlace) throws -> (name: TableName, schema: TableSchema)? {
        for text in place.names {
            guard let name = try? TableName(text), let schema = try schema(of: name) else { continue }
            return (name, schema)
        }
        return nil
    }

    /// The table that a name in a query means.
    ///
    /// - Parameters:
    ///   - path: parts as they were written: `table`, `dataset.table`, `project.dataset.table`.
    ///   - dataset: of names of one part.
    func table(named path: [String], in project: String, dataset: String?) throws -> (
        name: TableName, schema: TableSchema
    )? {
        var path = path
        // Old names of projects have a domain: `example.com:project`.
        if path.count > 3 { path = [path.dropLast(2).joined(separator: ".")] + path.suffix(2) }
        switch path.count {
        case 1:
            return try table(
                at: TablePlace(project: project, dataset: dataset ?? TablePlace.plain, table: path[0]))
        case 2: return try table(at: TablePlace(project: project, dataset: path[0], table: path[1]))
        default: return try table(at: TablePlace(project: path[0], dataset: path[1], table: path[2]))
        }
    }
}
