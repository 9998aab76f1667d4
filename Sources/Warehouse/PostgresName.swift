import Foundation
import LightboxCore

/// Names of the user's and what they are in PostgreSQL.
enum PostgresName {
    /// What a name may have in PostgreSQL, which cuts off the rest without a word.
    private static let mostBytes = 63

    /// A name in small letters; one that is too long ends in a hash of the whole.
    static func identifier(_ name: String) -> String {
        let small = String(
            decoding: name.utf8.map { (65...90).contains($0) ? $0 + 32 : $0 }, as: UTF8.self)
        guard small.utf8.count > mostBytes else { return small }
        var start = ""
        for character in small.unicodeScalars {
            guard start.utf8.count + String(character).utf8.count <= mostBytes - 17 else { break }
            start.unicodeScalars.append(character)
        }
        return start + "_" + ContentHash(of: small.utf8).description.prefix(16)
    }

    /// The name as the user spelled it.
    ///
    /// - Parameter comment: of the table or column, which may be another program's.
    static func spelling(of identifier: String, _ comment: String?) -> String {
        guard let comment, self.identifier(comment) == identifier else { return identifier }
        return comment
    }

    private static let numbers = " numbers"

    /// `feature_vector, 2048 numbers` of a vector, the name of other columns.
    static func comment(_ column: TableSchema.Column) -> String {
        column.length.map { "\(column.name), \($0)\(numbers)" } ?? column.name
    }

    static func column(_ identifier: String, type: ColumnType, comment: String?) -> TableSchema.Column {
        if type == .vector, let comment, comment.hasSuffix(numbers),
            let comma = comment.range(of: ", ", options: .backwards)
        {
            let name = String(comment[..<comma.lowerBound])
            let digits = comment[comma.upperBound...].dropLast(numbers.count)
            if self.identifier(name) == identifier, let length = Int(digits) {
                return TableSchema.Column(name, type, length: length)
            }
        }
        return TableSchema.Column(spelling(of: identifier, comment), type)
    }

    static func literal(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }
}
