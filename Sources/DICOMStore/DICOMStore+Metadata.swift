import DICOM
public import Foundation
public import LightboxCore
import Synchronization
public import Warehouse

extension DICOMStore {
    /// Writes one row for each instance into a warehouse table: the usual attributes in typed columns named by
    /// DICOM keyword, and the whole data set as DICOM JSON in `metadata`.
    ///
    /// Rows are in the order of study, series and SOP Instance UID. A file that cannot be read is left out and
    /// listed. As every load, it is all or nothing.
    ///
    /// - Parameter date: kept with the table as the time of the load.
    public func exportMetadata(
        to warehouse: Warehouse, table: TableName, disposition: LoadDisposition,
        matching filter: InstanceFilter = .all,
        at date: Date, progress: ProgressHandler? = nil
    ) throws -> StageReport {
        let rows = MetadataRows(store: self, filter: filter)
        let total = try self.counts().instances
        let loaded = try warehouse.load(
            rows, into: table, disposition: disposition, from: Provenance(source: "dicom:\(self.name)"),
            at: date
        ) { progress?(ProgressUpdate(stage: "metadata", completed: $0, total: filter == .all ? total : nil)) }
        var report = StageReport(stage: "metadata")
        report.written = loaded.rows
        report.problems = rows.problems.withLock { $0 }
        report.outputs = [table.description]
        return report
    }
}

/// The rows of a metadata table, files read on several threads.
private final class MetadataRows: RowSource {
    private enum Read: Sendable {
        case row(TableRow)
        case problem(StageReport.Problem)
    }

    let store: DICOMStore
    let filter: InstanceFilter
    let columns = MetadataColumns()
    let problems = Mutex<[StageReport.Problem]>([])

    init(store: DICOMStore, filter: InstanceFilter) {
        self.store = store
        self.filter = filter
    }

    var declaredColumns: [TableSchema.Column]? { columns.schema }

    func forEachRow(_ body: (TableRow, Int) throws -> Void) throws {
        problems.withLock { $0 = [] }
        var cursor = InstanceCursor(store, matching: filter, readsFiles: true)
        var number = 0
        let columns = columns
        try mapInOrder(threads: ProcessInfo.processInfo.activeProcessorCount, window: 256) {
            try cursor.next()
        } transform: { (instance: StoredInstance) -> Read in
            do {
                let file = try DICOMFile(path: instance.path, options: ReadOptions(stopsBeforePixelData: true))
                return .row(columns.row(of: file, contentHash: instance.contentHash.description))
            } catch {
                return .problem(StageReport.Problem(source: instance.path, error: error))
            }
        } consume: { result in
            switch result {
            case .row(let row):
                number += 1
                try body(row, number)
            case .problem(let problem): self.problems.withLock { $0.append(problem) }
            }
            return true
        }
    }
}
