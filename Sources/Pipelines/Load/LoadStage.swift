public import LightboxCore
public import Warehouse
import WireFormats

/// Loads JSON lines of vectors (or any flat JSON lines) into a table of the warehouse; the columns and their
/// types come from the lines.
public struct LoadStage: Sendable {
    public var disposition = LoadDisposition.failIfExists

    public init() {}

    /// - Parameter input: a path, glob or `gs://` pattern of JSON-lines files.
    public func run(_ input: String, table: String, _ context: StageContext) throws -> StageReport {
        let paths = try context.home.files(at: input)
        let warehouse = try Warehouse(path: context.home.warehouse)
        return try warehouse.load(jsonLines: paths, into: table, disposition, progress: context.progress)
    }
}
