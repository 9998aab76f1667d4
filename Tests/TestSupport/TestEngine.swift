import Foundation
package import LightboxCore

/// Where the tables of tests are: in SQLite files or, under `make test-postgres`, in a PostgreSQL that the tests start.
package enum TestEngine {
    /// LIGHTBOX_TEST_ENGINE=postgres
    package static let isPostgres = ProcessInfo.processInfo.environment["LIGHTBOX_TEST_ENGINE"] == "postgres"

    /// The `database` setting of a test; the same name has the same tables. nil for SQLite.
    package static func database(named name: String) throws -> String? {
        guard isPostgres else { return nil }
        let schema = "t" + ContentHash(of: name.utf8).description.prefix(24)
        return try TemporaryPostgres.shared.get().address + "&schema=\(schema)"
    }

    /// A home whose tables are in the engine under test.
    package static func home(_ path: String) throws -> Home {
        Home(path: path, settings: HomeSettings(database: try database(named: path)))
    }
}
