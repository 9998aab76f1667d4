import DICOM
public import Foundation
public import LightboxCore
import Synchronization
public import Warehouse

/// How a store's attributes become a table after Google's schema.
public struct AttributeTable: Sendable, Hashable {
    /// The three UIDs and all attributes as DICOM JSON in `Metadata`, in place of a column for each attribute.
    public var isJSON = false
    /// Written into `SourceDicomStore` of each row; nil makes no such column.
    public var source: String?

    public init(isJSON: Bool = false, source: String? = nil) {
        self.isJSON = isJSON
        self.source = source
    }
}

extension DICOMStore {
    /// Writes one row for each instance into a warehouse table; see ``AttributeTable``.
    ///
    /// Files are read twice: once for the columns, once for the rows. Columns that a table to append to lacks are added to
    /// it. A file that cannot be read is left out and listed. All or nothing, but for such columns.
    ///
    /// - Parameters:
    ///   - filters: instances that match any; none twice.
    ///   - provenance: kept with the table.
    public func exportAttributes(
        _ form: AttributeTable, to warehouse: Warehouse, table: TableName, disposition: LoadDisposition,
        matchingAny filters: [InstanceFilter] = [.all], from provenance: Provenance, at date: Date,
        progress: @escaping ProgressHandler = { _ in }, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws -> StageReport {
        let total = try filters.reduce(0) { try $0 + counts(of: $1).instances }
        let walk = AttributeWalk(store: self, filters: filters, total: total, isCancelled: isCancelled)
        var seen: Set<Tag> = []
        if !form.isJSON { try walk.files { file, _ in seen.formUnion(AttributeColumns.tags(of: file.dataSet)) } }
        let rows = AttributeRows(walk: walk, form: form, columns: AttributeColumns(seen), progress: progress)
        if disposition == .append { try warehouse.addColumns(rows.schema, to: table) }
        let loaded = try warehouse.load(
            rows, into: table, disposition: disposition, from: provenance, at: date)
        var report = StageReport(stage: "table")
        report.written = loaded.rows
        report.problems = walk.problems.withLock { $0 }
        report.outputs = [table.description]
        return report
    }
}

/// Reads the headers of a store's files on several threads, in order.
private final class AttributeWalk: Sendable {
    let store: DICOMStore
    let filters: [InstanceFilter]
    let total: Int
    let isCancelled: @Sendable () -> Bool
    let problems = Mutex<[StageReport.Problem]>([])

    init(
        store: DICOMStore, filters: [InstanceFilter], total: Int, isCancelled: @escaping @Sendable () -> Bool
    ) {
        (self.store, self.filters, self.total, self.isCancelled) = (store, filters, total, isCancelled)
    }

    /// - Throws: `CancellationError` when it is to stop.
    func files(_ body: (DICOMFile, StoredInstance) throws -> Void) throws {
        problems.withLock { $0 = [] }
        var cursor = InstanceCursor(store, matchingAny: filters, readsFiles: true)
        try mapInOrder(threads: ProcessInfo.processInfo.activeProcessorCount, window: 256) {
            try cursor.next()
        } transform: { (instance: StoredInstance) -> (StoredInstance, Result<DICOMFile, any Error>) in
            (
                instance,
                Result { try DICOMFile(path: instance.path, options: ReadOptions(stopsBeforePixelData: true)) }
            )
        } consume: { instance, file in
            if isCancelled() { throw CancellationError() }
            switch file {
            case .success(let file): try body(file, instance)
            case .failure(let error):
                let reason = StageReport.Problem(source: instance.path, error: error).reason
                let problem = StageReport.Problem(source: instance.record.instance.sopInstanceUID, reason: reason)
                problems.withLock { $0.append(problem) }
            }
            return true
        }
    }
}

private struct AttributeRows: RowSource {
    let walk: AttributeWalk
    let form: AttributeTable
    let columns: AttributeColumns
    let progress: ProgressHandler

    private static let identifiers = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"]
    private static let metadata = "Metadata"

    var schema: [TableSchema.Column] {
        let own =
            form.isJSON
            ? Self.identifiers.map { .init($0, .text) } + [.init(Self.metadata, .json)] : columns.schema
        return own + (form.source == nil ? [] : [.init(AttributeColumns.source, .text)])
    }

    var declaredColumns: [TableSchema.Column]? { schema }

    func forEachRow(_ body: (TableRow, Int) throws -> Void) throws {
        var number = 0
        try walk.files { file, instance in
            var row = form.isJSON ? Self.json(file, instance) : columns.row(of: file)
            if let source = form.source { row.cells.append(.init(AttributeColumns.source, .text(source))) }
            number += 1
            try body(row, number)
            let failed = walk.problems.withLock { $0.count }
            progress(
                ProgressUpdate(stage: "table", completed: number + failed, total: walk.total, failed: failed))
        }
    }

    private static func json(_ file: DICOMFile, _ instance: StoredInstance) -> TableRow {
        let options = DICOMJSON.EncodeOptions(inlineLimit: 0, bulkDataURI: { "bulk/" + $0 })
        let text = String(decoding: DICOMJSON.encode(file.dataSet, options: options), as: UTF8.self)
        let position = instance.position
        return TableRow(
            zip(identifiers, [position.study, position.series, position.instance]).map { .init($0, .text($1)) }
                + [.init(metadata, .json(text))])
    }
}
