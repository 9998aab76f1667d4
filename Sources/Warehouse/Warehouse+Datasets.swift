import Database

/// A named group of tables that may be empty.
public struct NamedDataset: Sendable, Hashable {
    public let name: String
    /// Seconds since 1970.
    public let madeAt: Double
    /// JSON that the maker gave it: description, labels.
    public var document: String

    public init(name: String, madeAt: Double, document: String) {
        (self.name, self.madeAt, self.document) = (name, madeAt, document)
    }
}

extension Warehouse {
    /// The datasets that were made as such, in the order of their names; tables may stand in others.
    public func datasets() throws -> [NamedDataset] {
        try read { transaction in
            try transaction.all("SELECT name, made_at, document FROM lightbox_datasets ORDER BY name").map {
                NamedDataset(name: try $0.get(0), madeAt: try $0.get(1), document: try $0.get(2))
            }
        }
    }

    /// Makes a dataset, or changes its document.
    public func keepDataset(_ name: String, document: String, at time: Double) throws {
        try write { transaction in
            let changed = try transaction.execute(
                "UPDATE lightbox_datasets SET document = ? WHERE name = ?", [document, name])
            guard changed == 0 else { return }
            try transaction.execute(
                "INSERT INTO lightbox_datasets (name, made_at, document) VALUES (?, ?, ?)", [name, time, document])
        }
    }

    public func forgetDataset(_ name: String) throws {
        try write { try $0.execute("DELETE FROM lightbox_datasets WHERE name = ?", [name]) }
    }
}
