import ArgumentParser
import Catalog
import DICOMStore
import Database
import Foundation
import LightboxCore
import Warehouse

struct DatabaseCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "database", abstract: "Look after the tables, in SQLite files or in PostgreSQL.",
        subcommands: [DatabaseMigrate.self, DatabaseCopy.self])
}

struct DatabaseMigrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Make the tables, or bring them up to date.",
        discussion: """
            Commands do so themselves when they find tables missing. This is for a database user who may not make tables: \
            run it once as one who may.

            Examples:
              LIGHTBOX_DATABASE=postgres://owner@db.example.org/lightbox lightbox database migrate
            """)

    @OptionGroup var global: GlobalOptions

    private struct Report: Encodable {
        let database: String
        let migrations: [String]
    }

    func run() throws {
        let home = try global.home
        try home.create()
        let database = try SQLDatabase(home: home, file: home.catalog)
        let migrations = ModelCatalog.migrations + DICOMCatalog.migrations(of: home)
        let made = try database.migrate(migrations) + Warehouse.migrate(home)
        if global.json { return try printJSON(Report(database: database.place, migrations: made)) }
        for name in made { print("made     \(name)") }
        print("\(database.place): \(made.isEmpty ? "everything was up to date" : "up to date")")
    }
}

struct DatabaseCopy: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copy", abstract: "Copy the tables from SQLite to PostgreSQL, or back.",
        discussion: """
            The registry with its jobs and the DICOM index go over in one transaction and the tables of `lightbox load` in \
            another; rows are counted at the end. Stop whatever writes to the source first. Files (images, models) stay \
            where they are.

            Examples:
              lightbox database copy --from ~/.lightbox --to 'postgres://lightbox@db.example.org/lightbox'
              lightbox database copy --from 'postgres:///lightbox?schema=radiology' --to /data/lightbox
            """)

    @OptionGroup var global: GlobalOptions
    @Option(help: ArgumentHelp("A home folder, or postgres://…", valueName: "place")) var from: String
    @Option(help: ArgumentHelp("A home folder, or postgres://…", valueName: "place")) var to: String
    @Flag(help: "Replace rows that are there.") var overwrite = false

    private struct Report: Encodable {
        let tables: [DatabaseCopier.Table]
    }

    func run() throws {
        let (source, target) = (try open(from, creating: false), try open(to, creating: true))
        guard source.place != target.place || from != to else {
            throw ValidationError("--from and --to are the same.")
        }
        let migrations = ModelCatalog.migrations + DICOMCatalog.migrations(of: home(from))
        let copier = DatabaseCopier(migrations: migrations, overwrites: overwrite, mending: DICOMCatalog.mended)
        var tables = try copier.copy(from: source, to: target)
        if let warehouse = try warehouse(from, creating: false), let copy = try self.warehouse(to, creating: true)
        {
            tables += try WarehouseCopier(overwrites: overwrite).copy(from: warehouse, to: copy)
        }
        if global.json { return try printJSON(Report(tables: tables)) }
        printTable(["table", "rows"], tables.map { [$0.name, "\($0.rows)"] })
    }

    /// nil for that of a home that has none.
    private func warehouse(_ place: String, creating: Bool) throws -> Warehouse? {
        let home = home(place)
        return try creating || Warehouse.exists(in: home) ? Warehouse(home: home) : nil
    }

    private func home(_ place: String) -> Home {
        isPostgres(place) ? Home(path: "", settings: HomeSettings(database: place)) : Home(path: place)
    }

    private func isPostgres(_ place: String) -> Bool {
        place.hasPrefix("postgres://") || place.hasPrefix("postgresql://")
    }

    private func open(_ place: String, creating: Bool) throws -> SQLDatabase {
        if isPostgres(place) { return try SQLDatabase(postgres: place) }
        let home = Home(path: place)
        if creating {
            try home.create()
        } else if !FileManager.default.fileExists(atPath: home.catalog) {
            throw FileFailure(path: home.catalog, errno: ENOENT)
        }
        return try SQLDatabase(file: home.catalog)
    }
}
