/// A table of the warehouse whose rows are known cases: a vector each, and who they are.
public struct CaseSource: Sendable, Hashable {
    /// As `lightbox embed … --output sql:TABLE` or `lightbox load` made it.
    public var table: String
    /// Another table that says the labels, in rows of the same `instance` or `path`; nil where the first one does.
    public var labels: String?

    public init(table: String, labels: String? = nil) {
        self.table = table
        self.labels = labels
    }
}
