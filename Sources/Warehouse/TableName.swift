/// The name of a table, alone or behind a dataset: `features`, `my_dataset.features`.
///
/// The published workflows write `dataset.table` (and `project.dataset.table`). In SQLite such a name is one
/// table whose name has a dot in it; queries may write it bare, in backticks or in double quotes. Letters count
/// without their case.
public struct TableName: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    /// - Parameter text: one to three parts of letters, digits, `_` and `-`; `project:dataset.table` is
    ///   understood too. `sqlite_` and `lightbox_` begin names that are taken.
    public init(_ text: String) throws {
        let parts = text.split(omittingEmptySubsequences: false) { $0 == "." || $0 == ":" }
        let isUsable =
            parts.count <= 3 && text.utf8.count <= 200
            && parts.allSatisfy { part in
                !part.isEmpty && part.utf8.allSatisfy(Self.isAllowed) && part.first != "-"
            }
        guard isUsable else {
            throw WarehouseError(
                .invalidName,
                "'\(text)' is not a table name. Write TABLE or DATASET.TABLE in letters, digits, '_' and '-'.")
        }
        let name = parts.joined(separator: ".")
        guard !["sqlite_", "lightbox_", "grdb_"].contains(where: name.lowercased().hasPrefix) else {
            throw WarehouseError(.invalidName, "'\(text)': names that begin so are kept for the warehouse itself.")
        }
        description = name
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    public static func == (left: TableName, right: TableName) -> Bool {
        left.description.lowercased() == right.description.lowercased()
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(description.lowercased()) }

    var quoted: String { quotedIdentifier(description) }
}

/// A name as SQL takes it whatever its characters.
func quotedIdentifier(_ name: String) -> String {
    "\"" + name.replacing("\"", with: "\"\"") + "\""
}
