public import Database
public import Warehouse

/// A SELECT in GoogleSQL, understood and put into the words of the warehouse's engine.
///
/// Every name in it was found among the tables that it was given, and every function is one of ours: what comes out
/// reaches nothing else.
public struct GoogleQuery: Sendable {
    public struct Column: Sendable, Hashable {
        public let name: String
        public let type: DataType
    }

    /// For ``Warehouse/query(_:_:limits:columns:row:)``, with ``arguments``.
    public let sql: String
    public let arguments: [SQLValue]
    public let columns: [Column]
    /// What it reads, each once.
    public let tables: [TableName]

    /// - Parameters:
    ///   - tables: finds a table by the parts of its name as they were written; nil for none.
    /// - Throws: ``GoogleSQLError``; what `tables` throws.
    public init(
        _ text: String, parameters: QueryParameters = QueryParameters(), for engine: SQLEngine,
        tables: @escaping ([String]) throws -> (name: TableName, schema: TableSchema)?
    ) throws {
        let query = try GoogleParser.query(text)
        let translator = Translator(engine: engine, parameters: parameters, tables: tables)
        let translated = try translator.whole(query)
        (sql, columns) = (translated.sql, translated.columns)
        (arguments, self.tables) = (translator.arguments, translator.used)
    }
}
