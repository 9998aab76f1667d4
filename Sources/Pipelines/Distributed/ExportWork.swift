import Foundation
import LightboxCore

/// The export of some instances of a store, straight to their places: names and bytes do not depend on who writes them.
struct ExportWork: DistributedWork {
    static let stage = "export"

    var export: ExportStage
    /// Absolute, or the address of objects.
    var output: String
    var threads: Int

    func makeTool() throws {}

    func perform(_ items: [ExportItem], with _: Void, at place: TaskPlace) throws -> TaskResult {
        var result = TaskResult()
        let output = try place.home.path(of: output)
        // An object is whole or not there; a second attempt leaves those of the first alone.
        let begin = RemoteFiles.isRemote(output) ? nil : try begin(of: place)
        var rest = items[...]
        var lastCheck = ContinuousClock.now
        try mapInOrder(
            // Requests wait for the network most of the time.
            threads: RemoteFiles.isRemote(output) ? max(16, threads) : threads, next: { rest.popFirst() },
            transform: { [export] in export.export(try $0.arrived(in: place.home), to: output, since: begin) },
            consume: { outcome in
                result.entries += 1
                result.written += outcome.written
                result.unchanged += outcome.unchanged
                result.problems += outcome.problems
                result.files += outcome.files
                if lastCheck.duration(to: .now) > .seconds(1) {
                    try place.checkWanted()
                    lastCheck = .now
                }
                return true
            })
        return result
    }

    /// When the first attempt at this task began, by the clock of the file system that holds the files.
    ///
    /// A second attempt takes files from then on for its own: it writes them anew, to the same bytes, and counts them.
    private func begin(of place: TaskPlace) throws -> Int {
        let mark = Self.markPrefix(output, place.folder) + "\(place.number).\(place.task.description.prefix(16))"
        var status = stat()
        if stat(mark, &status) != 0 {
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
            try AtomicFile.write([UInt8](), to: mark)
            guard stat(mark, &status) == 0 else { throw FileFailure(path: mark, errno: errno) }
        }
        return status.modifiedNanoseconds
    }

    /// Marks stand beside the files, whose file system gives both their times.
    static func markPrefix(_ output: String, _ place: RunPlace) -> String {
        output + "/." + (place.path as NSString).lastPathComponent + ".begun."
    }
}

extension ExportItem {
    /// With the file's path on this machine.
    fileprivate func arrived(in home: WorkerHome) throws -> ExportItem {
        var item = self
        item.path = try home.path(of: path)
        guard RemoteFiles.isRemote(item.path) || FileManager.default.fileExists(atPath: item.path) else {
            throw InputError(
                .environment,
                "\(path) is not there on \(ProcessInfo.processInfo.hostName). Every worker must see the store at the same "
                    + "path.")
        }
        return item
    }
}

extension ExportStage {
    func distribute(
        _ next: () throws -> ExportItem?, count: Int, to folder: String, over distribution: Distribution,
        _ context: StageContext
    ) throws -> StageReport {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let address = RemoteFiles.address(of: folder)
        let absolute =
            address
            ?? (folder.hasPrefix("/") ? folder : FileManager.default.currentDirectoryPath + "/" + folder)
        let run = try PlanFolder(for: folder, in: distribution.parent(beside: folder), over: distribution.engine)
        let work = ExportWork(export: self, output: absolute, threads: distribution.threads)
        let results = try DistributedRun(work, in: run, over: distribution, context).results(total: count) {
            var items: [ExportItem] = []
            while items.count < distribution.imagesPerTask, let item = try next() { items.append(item) }
            return items.isEmpty ? nil : items
        }
        var report = StageReport(stage: "export")
        report.outputs = [folder]
        for result in results { report.add(result) }
        try check(results.flatMap(\.files), context)
        if address == nil { try removeMarks(ExportWork.markPrefix(absolute, run.place)) }
        run.end()
        return report
    }

    private func removeMarks(_ prefix: String) throws {
        let folder = (prefix as NSString).deletingLastPathComponent
        for name in try FileManager.default.contentsOfDirectory(atPath: folder)
        where name.hasPrefix((prefix as NSString).lastPathComponent) {
            unlink(folder + "/" + name)
        }
    }

    /// Reads what was written, on all cores.
    private func check(_ files: [HashedFile], _ context: StageContext) throws {
        var rest = files[...]
        var completed = 0
        try mapInOrder(
            threads: context.threads, next: { rest.popFirst() }, transform: { try $0.read(in: "/") },
            consume: { _ in
                completed += 1
                context.progress(ProgressUpdate(stage: "verify", completed: completed, total: files.count))
                if context.isCancelled() { throw Cancelled(stage: "export", continues: true) }
                return true
            })
    }
}
