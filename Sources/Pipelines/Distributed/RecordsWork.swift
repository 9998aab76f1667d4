import Foundation
import LightboxCore
import WireFormats

/// The records of one shard, or of a part of one.
struct RecordsWork: DistributedWork {
    static let stage = "records"

    var records: RecordsStage
    var threads: Int

    func makeTool() throws {}

    func perform(_ items: [WorkerItem], with _: Void, at place: TaskPlace) throws -> TaskResult {
        var result = TaskResult()
        let name = place.folder.partName(place.number, 0)
        let part = try TFRecordWriter(path: place.folder.path + "/" + name, compression: records.compression)
        try place.home.expect(items)
        var rest = items[...]
        var lastCheck = ContinuousClock.now
        try mapInOrder(
            threads: threads, next: { rest.popFirst() },
            transform: { [records] item -> RecordsStage.Outcome in
                switch records.serialize(try item.entry(in: place.home)) {
                case .problem(let problem): .problem(item.told(problem))
                case .record(let bytes): .record(bytes)
                }
            },
            consume: { outcome in
                result.entries += 1
                switch outcome {
                case .record(let bytes):
                    try part.append(bytes)
                    result.written += 1
                case .problem(let problem): result.problems.append(problem)
                }
                if lastCheck.duration(to: .now) > .seconds(1) {
                    try place.checkWanted()
                    lastCheck = .now
                }
                return true
            })
        try part.finish()
        result.files = [try HashedFile(name, in: place.folder.path)]
        return result
    }
}

extension RecordsStage {
    /// Writes the shards over many processes. No shard gets its name before all are whole.
    func distribute(
        _ entries: [ItemSource.Entry], to paths: [String], over distribution: Distribution, _ context: StageContext
    ) throws -> StageReport {
        let parent = try distribution.parent(
            beside: (paths[0] as NSString).deletingLastPathComponent.nonEmptyFolder)
        let folder = try PlanFolder(for: paths[0], in: parent, over: distribution.engine)
        let cuts = taskCuts(entries.count, distribution.imagesPerTask)
        var plain = self
        (plain.overwrites, plain.shards) = (false, 1)  // the driver's business, not the tasks'
        var waiting = cuts[...]
        let run = DistributedRun(
            RecordsWork(records: plain, threads: distribution.threads), in: folder, over: distribution, context)
        let results = try run.results(total: entries.count) {
            try waiting.popFirst().map { cut in try entries[cut.range].map { try WorkerItem($0) } }
        }
        var report = StageReport(stage: "records")
        var files: [[HashedFile]] = Array(repeating: [], count: shards)
        for (cut, result) in zip(cuts, results) {
            files[cut.shard] += result.files
            report.add(result)
        }
        let whole = try files.enumerated().map { try shard($0.offset, of: $0.element, folder) }
        for (file, path) in zip(whole, paths) { try folder.move(file, to: path) }
        try AtomicFile.syncFolder((paths[0] as NSString).deletingLastPathComponent.nonEmptyFolder)
        folder.end()
        return report
    }

    private struct Cut {
        let shard: Int
        let range: Range<Int>
    }

    /// As on one machine, entry `i` of `n` goes to shard `i · shards / n`. A gzip stream is one task, others are cut.
    private func taskCuts(_ count: Int, _ imagesPerTask: Int) -> [Cut] {
        (0..<shards).flatMap { shard -> [Cut] in
            // The first i with i · shards / n ≥ shard.
            let start = (shard * count + shards - 1) / shards
            let end = ((shard + 1) * count + shards - 1) / shards
            guard start < end else { return [] }
            let step = compression == .gzip ? end - start : max(1, imagesPerTask)
            return stride(from: start, to: end, by: step).map {
                Cut(shard: shard, range: $0..<min(end, $0 + step))
            }
        }
    }

    /// The file of one shard: its only part, or one put together of several, or one without records.
    private func shard(_ number: Int, of parts: [HashedFile], _ folder: PlanFolder) throws -> HashedFile {
        if let only = parts.first, parts.count == 1 {
            try only.read(in: folder.place.path)
            return only
        }
        let name = "shard-\(number)"
        if parts.isEmpty {
            try TFRecordWriter(path: folder.place.path + "/" + name, compression: compression).finish()
            return try HashedFile(name, in: folder.place.path)
        }
        let file = try PartFile(folder: folder.place.path, name: name)
        for part in parts { try part.read(in: folder.place.path) { try file.append($0) } }
        return try file.finish()
    }
}
