/// A step from one version of the tables to the next, for both engines.
///
/// Steps are known by their names for ever: in `grdb_migrations` of an SQLite file, in `lightbox_migrations` of a
/// PostgreSQL schema.
public struct SQLMigration: Sendable {
    public let name: String
    let run: @Sendable (SQLTransaction) throws -> Void

    public init(_ name: String, _ run: @escaping @Sendable (SQLTransaction) throws -> Void) {
        (self.name, self.run) = (name, run)
    }

    /// - Parameter script: statements as SQLite has them; see ``SQLDialect``.
    public init(_ name: String, script: String) { self.init(name) { try $0.script(script) } }
}
