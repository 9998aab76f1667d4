import Database
import LightboxCore

/// The PostgreSQL server, where the settings name one.
extension Check {
    static func database(_ home: Home) -> [Check] {
        guard let address = home.settings.database else { return [] }
        do {
            let database = try SQLDatabase(postgres: address, connections: 1)
            return [Check("database", .ok, try database.facts())]
        } catch {
            return [
                Check(
                    "database", .missing, (error as? any Failure)?.description ?? "\(error)",
                    remedy: "Look at the setting 'database' and at the server: docs/database.md.")
            ]
        }
    }
}
