/// How connections to an SQLite file are set up.
public struct SQLiteOptions: Sendable {
    /// `PRAGMA` statements for each connection.
    public var pragmas: String
    /// Called with each new connection of SQLite's, and whether it only reads.
    package var prepare: (@Sendable (_ connection: OpaquePointer, _ isReadOnly: Bool) throws -> Void)?
    /// How long to wait for another process that writes.
    public var busySeconds = 30.0

    public init(pragmas: String = "") { self.pragmas = pragmas }
}
