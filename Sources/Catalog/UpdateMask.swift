/// The fields that a patch names: `description,default_version.name`. Only these change.
public struct UpdateMask: Sendable, Hashable {
    /// In camel case, in the order given.
    let paths: [String]

    /// - Parameter text: paths divided by commas, in camel or snake case.
    /// - Throws: ``CatalogError`` when it names nothing.
    public init(_ text: String) throws {
        paths = text.split(separator: ",").map { part in camelCased(part.filter { $0 != " " }) }
        guard !paths.isEmpty else {
            throw CatalogError(.invalidArgument, "updateMask is missing. Name the fields to change.")
        }
    }

    /// The mask with a field for each of `paths`.
    public init(paths: [String]) throws { try self.init(paths.joined(separator: ",")) }

    /// Calls `apply` for each path; it returns false for one that it does not know.
    package func each(_ apply: (String) throws -> Bool) throws {
        for path in paths where try !apply(path) {
            throw CatalogError(.invalidArgument, "updateMask: '\(path.prefix(64))' cannot be changed.")
        }
    }
}

extension UpdateMask {
    /// Takes the labels of `source` over, all for `labels`, one for `labels.NAME`.
    ///
    /// - Returns: false for any other path.
    package static func applyLabels(
        _ path: String, to labels: inout [String: String], from source: [String: String]
    )
        -> Bool
    {
        if path == "labels" {
            labels = source
        } else if path.hasPrefix("labels.") {
            let name = String(path.dropFirst("labels.".count))
            labels[name] = source[name]
        } else {
            return false
        }
        return true
    }
}
