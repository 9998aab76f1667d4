/// The columns that names in a part of a query may mean.
final class Scope {
    struct Column {
        let name: String
        /// The table's name or alias; nil for one that USING has made of two.
        let table: String?
        /// What stands for it in the engine's statement.
        let sql: String
        let type: DataType
        /// Reached only behind its table's name: USING has made another of it.
        var isHidden = false
        /// For a select list's alias: its expression.
        var piece: Piece?
    }

    var columns: [Column] = []
    /// What the select list has named, once it is known.
    var aliases: [Column] = []
    /// Whether an alias goes before a column of its name, as in ORDER BY; elsewhere the two have to be one.
    var prefersAliases = false
    /// The keys of GROUP BY as they were written.
    var groupKeys: Set<String> = []
    /// Of the query around this one.
    let parent: Scope?
    /// What tells the columns of this SELECT from those of others.
    let number: Int

    init(_ columns: [Column] = [], in parent: Scope?, number: Int) {
        (self.columns, self.parent, self.number) = (columns, parent, number)
    }

    /// Columns of these names here, not in the scopes around.
    func matches(_ path: [String]) -> [Column] {
        switch path.count {
        case 1: columns.filter { !$0.isHidden && $0.name.isSame(as: path[0]) }
        case 2: columns.filter { $0.table?.isSame(as: path[0]) ?? false && $0.name.isSame(as: path[1]) }
        default: []
        }
    }
}

/// A column that an expression needs beside what it groups by.
struct ColumnUse: Equatable {
    /// Of the scope.
    let scope: Int
    let name: String
    let place: Place
}

extension String {
    /// Names count without their case.
    func isSame(as other: String) -> Bool { lowercased() == other.lowercased() }
}

/// An expression in the engine's words.
struct Piece {
    var sql: String
    var type: DataType
    /// Columns that stand outside of aggregates.
    var uses: [ColumnUse] = []
    var hasAggregate = false
    var hasWindow = false
    /// Its value, where it was written as one.
    var literal: Expression.Form?
    let place: Place

    init(_ sql: String, _ type: DataType, at place: Place) {
        (self.sql, self.type, self.place) = (sql, type, place)
    }

    /// Of several others, whose columns and aggregates are its own.
    init(_ sql: String, _ type: DataType, of pieces: [Piece], at place: Place) {
        self.init(sql, type, at: place)
        for piece in pieces {
            uses += piece.uses
            hasAggregate = hasAggregate || piece.hasAggregate
            hasWindow = hasWindow || piece.hasWindow
        }
        // An expression over many columns names each once.
        if uses.count > 64 {
            var seen: [ColumnUse] = []
            for use in uses where !seen.contains(where: { $0.scope == use.scope && $0.name == use.name }) {
                seen.append(use)
            }
            uses = seen
        }
    }
}
