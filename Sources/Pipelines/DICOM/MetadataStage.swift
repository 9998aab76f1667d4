public import DICOMStore
import Foundation
public import LightboxCore
public import Warehouse

/// Writes the attributes of a store's instances into a table: typed columns for the usual keywords, and the
/// whole data set as DICOM JSON beside them.
public struct MetadataStage: Sendable {
    public var disposition: LoadDisposition

    public init(disposition: LoadDisposition = .failIfExists) { self.disposition = disposition }

    public func run(_ store: DICOMStore, table: String, _ context: StageContext) throws -> StageReport {
        let warehouse = try Warehouse(home: context.home)
        return try store.exportMetadata(
            to: warehouse, table: TableName(table), disposition: disposition, at: Date(),
            progress: context.progress)
    }
}
