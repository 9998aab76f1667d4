import Catalog
import DICOMStore
import Deidentification
import Foundation
import LightboxCore
import Synchronization
import Warehouse

/// One piece of work on DICOM stores. Begun again after a crash it does no part twice.
struct ArchiveStage: Sendable {
    let catalog: DICOMCatalog
    /// Kept with a table, so that no work loads one twice.
    let job: String

    /// What came of it, by files or instances.
    struct Result: Sendable {
        var succeeded = 0
        var failed = 0
        var problems: [StageReport.Problem] = []
        /// What is worth a line in the log.
        var remarks: [String] = []
    }

    func run(_ work: ArchiveWork, _ context: StageContext) throws -> Result {
        switch work.action {
        case .createDataset, .deleteStudy, .deleteSeries: return Result()
        case .importFiles(let source): return try importFiles(source, into: try store(work), context)
        case .exportFiles(let export): return try exportFiles(export, try store(work), context)
        case .exportTable(let export): return try exportTable(export, try store(work), context)
        case .deidentify(let settings): return try deidentify(work, settings, context)
        }
    }

    private func store(_ work: ArchiveWork) throws -> DICOMStore {
        try catalog.store(DICOMStoreName(dataset: work.dataset, store: work.store ?? ""))
    }

    private func importFiles(_ source: String, into store: DICOMStore, _ context: StageContext) throws -> Result {
        let paths: [String]
        do {
            paths = try context.home.files(at: source)
        } catch let error as HomeError where error.code == .nothingThere {
            throw ArchiveError(.notFound, "\(source): no object of this name or pattern.")
        }
        let result = Mutex(Result())
        let home = context.home
        let tell: ProgressHandler = { update in
            let failed = result.withLock { $0.failed }
            context.progress(
                ProgressUpdate(stage: "import", completed: update.completed, total: paths.count, failed: failed))
        }
        tell(ProgressUpdate(stage: "import", completed: 0, total: paths.count))
        _ = try store.ingest(paths, progress: tell, isCancelled: context.isCancelled) { path, outcome in
            result.withLock { result in
                switch outcome {
                case .added, .revised, .unchanged: result.succeeded += 1
                case .conflict:
                    // As Google's service does: what is there stays, and the file counts as dealt with.
                    result.succeeded += 1
                    result.remarks.append(
                        "\(home.address(of: path)): the store has another file under its SOP Instance UID and keeps that one."
                    )
                case .unreadable(let reason), .unstored(let reason):
                    result.failed += 1
                    result.problems.append(.init(source: home.address(of: path), reason: reason))
                }
            }
        }
        return result.withLock { $0 }
    }

    private func exportFiles(
        _ export: ArchiveWork.FileExport, _ store: DICOMStore, _ context: StageContext
    ) throws -> Result {
        let media = try ExportMedia(export.mediaType)
        let (filters, missing) = try filters(export.selection, store, context.home)
        var stage = ExportStage()
        stage.format = media.format
        stage.transferSyntaxUID = media.transferSyntaxUID
        stage.overwrites = true
        stage.hasFrameFolders = true
        let counts = Counts(context)
        let report = try stage.run(store, matchingAny: filters, to: export.folder, counts.context)
        return counts.result(report.problems, missing)
    }

    private func exportTable(
        _ export: ArchiveWork.TableExport, _ store: DICOMStore, _ context: StageContext
    ) throws -> Result {
        let (filters, missing) = try filters(export.selection, store, context.home)
        let (warehouse, table) = (try Warehouse(home: context.home), try TableName(export.table))
        if let done = try warehouse.schema(of: table).map({ _ in try warehouse.history(of: table) })?
            .first(where: { $0.provenance.notes["job"] == job })
        {
            return Result(succeeded: done.rows, failed: missing.count, problems: missing)
        }
        let disposition: LoadDisposition
        switch export.disposition {
        case .truncate: disposition = .truncate
        case .append: disposition = .append
        case .empty:
            guard try warehouse.schema(of: table) == nil || warehouse.rowCount(of: table) == 0 else {
                throw ArchiveError(
                    .conflict,
                    "The table '\(table)' has rows. Send writeDisposition WRITE_TRUNCATE to replace it or WRITE_APPEND "
                        + "to add to it.")
            }
            disposition = .truncate
        }
        let counts = Counts(context)
        let report = try store.exportAttributes(
            AttributeTable(isJSON: export.isJSON, source: export.source.isEmpty ? nil : export.source),
            to: warehouse, table: table, disposition: disposition, matchingAny: filters,
            from: Provenance(source: "dicom:\(store.name)", notes: ["job": job]), at: Date(),
            progress: counts.context.progress, isCancelled: context.isCancelled)
        return counts.result(report.problems, missing)
    }

    private func deidentify(
        _ work: ArchiveWork, _ settings: ArchiveWork.Deidentification, _ context: StageContext
    ) throws -> Result {
        let stage = DeidentifyStage(try Deidentifier(settings, home: context.home))
        let sources =
            try work.store.map { [try DICOMStoreName(dataset: work.dataset, store: $0)] }
            ?? catalog.stores(of: work.dataset).map(\.name)
        var (result, before) = (Result(), 0)
        let isPart = !settings.selection.isEmpty || settings.study != nil
        let total = isPart ? 0 : try sources.reduce(0) { try $0 + catalog.store($1).counts().instances }
        for name in sources {
            let source = try catalog.store(name)
            var (filters, missing) = try filters(settings.selection, source, context.home)
            if let study = settings.study { filters = [InstanceFilter(studyInstanceUID: study)] }
            var (paths, cursor) = ([String](), InstanceCursor(source, matchingAny: filters))
            while let instance = try cursor.next() { paths.append(instance.path) }
            let destination = try DICOMStoreName(dataset: settings.dataset, store: settings.store ?? name.store)
            try DeidentifyStage.check(name, to: destination)
            let target = try catalog.store(destination, creating: true)
            let whole = isPart ? paths.count : total
            let counts = Counts(context, after: before, failed: result.failed, of: whole)
            let run = try stage.run(files: paths, to: .store(target), counts.context)
            let part = counts.result(run.report.problems, missing)
            result.succeeded += part.succeeded
            result.failed += part.failed
            // A place in a list says which file it was only together with the store.
            result.problems += part.problems.map { .init(source: "\(name) \($0.source)", reason: $0.reason) }
            result.remarks += Finding.Code.allCases.compactMap { code in
                guard let count = run.findings[code], Finding(code).isWarning else { return nil }
                return "To be looked at, \(count) of the images: \(Finding(code))"
            }
            before += paths.count
        }
        return result
    }

    private static let longestSelection = 64 << 20  // bytes, some 400,000 instances

    private static func text(of selection: String, _ home: Home) throws -> String {
        let path = try RemoteFiles.file(of: home.localPath(of: selection))
        let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        guard size ?? 0 <= longestSelection else {
            throw ArchiveError(.limitExceeded, "\(selection): a filter file has at most 64 MiB. Divide it.")
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ArchiveError(.notFound, "\(selection): no such object.")
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// What a filter file selects, and those of its lines that nothing in the store matches.
    private func filters(
        _ selection: String, _ store: DICOMStore, _ home: Home
    ) throws -> ([InstanceFilter], missing: [StageReport.Problem]) {
        guard !selection.isEmpty else { return ([.all], []) }
        let wanted = try ResourcePaths(Self.text(of: selection, home)).filters
        let found = try wanted.filter { try !store.instances(matching: $0, limit: 1).isEmpty }
        let missing = Set(wanted).subtracting(found).count
        let problems = (0..<missing).map { _ in
            StageReport.Problem(source: selection, reason: "names a resource that the store does not have.")
        }
        return (found, problems)
    }
}

/// Counts what a stage says of its progress.
private struct Counts {
    private final class Last: Sendable {
        let update = Mutex<ProgressUpdate?>(nil)
    }

    private let last = Last()
    /// To be given to the stage.
    let context: StageContext

    /// - Parameters:
    ///   - before: items that other stages have completed.
    ///   - total: of all of them; nil for this stage's own.
    init(_ context: StageContext, after before: Int = 0, failed: Int = 0, of total: Int? = nil) {
        var inner = context
        inner.progress = { [last] update in
            last.update.withLock { $0 = update }
            context.progress(
                ProgressUpdate(
                    stage: update.stage, completed: before + update.completed, total: total ?? update.total,
                    failed: failed + update.failed))
        }
        self.context = inner
    }

    func result(_ problems: [StageReport.Problem], _ missing: [StageReport.Problem]) -> ArchiveStage.Result {
        let update = last.update.withLock { $0 }
        let failed = update?.failed ?? 0
        return ArchiveStage.Result(
            succeeded: (update?.completed ?? 0) - failed, failed: failed + missing.count,
            problems: problems + missing)
    }
}

extension Deidentifier {
    init(_ settings: ArchiveWork.Deidentification, home: Home) throws {
        let key = try home.keyOfNewNames()
        guard settings.options.isEmpty else {
            try self.init(options: Set(settings.options.compactMap(ConfidentialityOption.init)), key: key)
            refusesBurnedInText = settings.refusesBurnedInText
            return
        }
        try self.init(
            google: GoogleDeidentifyConfig(
                filterProfile: settings.filterProfile, keepList: settings.keepList,
                removeList: settings.removeList, skipIdRedaction: settings.keepsInstanceUIDs,
                textRedactionMode: settings.textRedactionMode),
            key: key)
        refusesBurnedInText = settings.refusesBurnedInText
    }
}
