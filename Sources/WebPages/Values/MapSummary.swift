public import Foundation

/// A table that is a map, as a list shows it.
public struct MapSummary: Sendable {
    public var table: String
    /// The planes that it has: `x,y`.
    public var axes: [String]
    public var rows: Int
    /// How its coordinates were made: `UMAP`; empty where nobody knows.
    public var method: String
    /// What they were made of.
    public var source: String
    public var made: Date?

    public init(
        table: String, axes: [String], rows: Int, method: String = "", source: String = "", made: Date? = nil
    ) {
        (self.table, self.axes, self.rows) = (table, axes, rows)
        (self.method, self.source, self.made) = (method, source, made)
    }
}

/// A map as its page begins; the points come later.
public struct MapView: Sendable {
    public var table: String
    /// The plane that is shown.
    public var axes: String
    public var planes: [String]
    public var method: String
    public var source: String
    public var made: Date?
    /// The columns that tables of its points get; empty when nothing names the rows.
    public var identity: [String]

    public init(
        table: String, axes: String, planes: [String], method: String = "", source: String = "", made: Date? = nil,
        identity: [String] = []
    ) {
        (self.table, self.axes, self.planes) = (table, axes, planes)
        (self.method, self.source, self.made, self.identity) = (method, source, made, identity)
    }
}
