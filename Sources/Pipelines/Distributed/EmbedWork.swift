import Features
import Foundation
import Imaging
import LightboxCore
import Networks

/// The embedding of one part of the input.
struct EmbedWork: DistributedWork {
    static let stage = "embed"

    /// With a precision that is decided, and paths that every worker sees.
    var extractor: ExtractorConfiguration
    var batchSize: Int
    var threads: Int
    var display: DisplayOptions
    var format: VectorFormat

    func makeTool() throws -> FeatureExtractor {
        try extractor.extractor(home: Home(path: "/"), batch: batchSize, threads: threads, sample: [])
    }

    func perform(_ items: [WorkerItem], with tool: FeatureExtractor, at place: TaskPlace) throws -> TaskResult {
        var stage = EmbedStage(extractor: extractor)
        stage.batchSize = batchSize
        stage.display = display
        var result = TaskResult()
        let parts = try format.files("").indices.map { try place.part($0) }
        try place.home.expect(items)
        var rest = items[...]
        var lastCheck = ContinuousClock.now
        try mapInOrder(
            threads: 2 * threads,
            next: { () -> [WorkerItem]? in
                defer { rest = rest.dropFirst(batchSize) }
                return rest.isEmpty ? nil : Array(rest.prefix(batchSize))
            },
            transform: { [stage, format] items in
                var batch = try stage.embed(items.map { try $0.entry(in: place.home) }, with: tool, format)
                batch.problems = told(batch.problems, of: items)
                return batch
            },
            consume: { batch in
                for (part, bytes) in zip(parts, batch.pieces) { try part.append(bytes) }
                result.entries += batch.entries
                result.written += batch.written
                result.problems += batch.problems
                result.firstKey = result.firstKey ?? batch.firstKey
                if lastCheck.duration(to: .now) > .seconds(1) {
                    try place.checkWanted()
                    lastCheck = .now
                }
                return true
            })
        result.files = try parts.map { try $0.finish() }
        return result
    }
}

/// The problems of a batch in the words of a run on one machine.
func told(_ problems: [StageReport.Problem], of items: [WorkerItem]) -> [StageReport.Problem] {
    guard !problems.isEmpty else { return [] }
    return problems.map { problem in
        items.first { $0.origin == problem.source }?.told(problem) ?? problem
    }
}

extension ItemSource {
    /// Up to `count` entries on their way to a worker; nil at the end.
    func nextTask(of count: Int) throws -> [WorkerItem]? {
        var items: [WorkerItem] = []
        while items.count < count, let entry = try next() { items.append(try WorkerItem(entry)) }
        return items.isEmpty ? nil : items
    }
}

extension EmbedStage {
    /// Embeds over many processes, and writes what one would have written.
    func distribute(
        _ source: ItemSource, with extractor: FeatureExtractor, to path: String, _ format: VectorFormat,
        over distribution: Distribution, _ context: StageContext
    ) throws -> StageReport {
        let parent = try distribution.parent(
            beside: (path as NSString).deletingLastPathComponent.nonEmptyFolder)
        let folder = try PlanFolder(for: path, in: parent, over: distribution.engine)
        struct Asked: Encodable {
            var work: EmbedWork
            let weights: ContentHash
        }
        var asked = Asked(
            work: EmbedWork(
                extractor: self.extractor, batchSize: batchSize, threads: distribution.threads, display: display,
                format: format),
            weights: extractor.provenance.weights)
        let work = try folder.decided(asked) {
            asked.work.extractor = try self.extractor.shipped(extractor, in: folder, context.home)
            return asked.work
        }
        // A batch is computed as a whole, so a task ends where one ends.
        let batches = max(1, distribution.imagesPerTask / batchSize)
        let results = try DistributedRun(work, in: folder, over: distribution, context).results(
            total: source.total
        ) {
            try source.nextTask(of: batches * batchSize)
        }
        var report = StageReport(stage: "embed")
        let file = try ResumableOutput(paths: format.files(path), settings: "distributed \(folder.run)")
        if let key = results.lazy.compactMap(\.firstKey).first {
            let starts = format.starts(key: key, featureCount: extractor.featureCount)
            for (index, bytes) in starts.enumerated() { try file.append(bytes, to: index) }
        }
        for result in results {
            for (index, part) in result.files.enumerated() {
                try part.read(in: folder.place.path) { try file.append($0, to: index) }
            }
            report.add(result)
        }
        try finish(file, report, extractor, format)
        folder.end()
        return report
    }
}

extension ExtractorConfiguration {
    /// The same extractor for workers: decided, and with its files in the run's folder.
    func shipped(_ extractor: FeatureExtractor, in folder: PlanFolder, _ home: Home) throws
        -> ExtractorConfiguration
    {
        var shipped = self
        shipped.precision = extractor.provenance.precision
        shipped.quantised = try extractor.quantised.map { try folder.ship($0, named: "int8.onnx") }
        let key = extractor.provenance.weights.description
        switch source {
        case .untrained: break
        case .network(let name, let weights):
            let file = try weights.map(home.localPath(of:)) ?? Self.pulledWeights(try .named(name), home)
            guard let file else { throw InputError(.notFound, "the weights of \(name) are gone.") }
            shipped.source = .network(name, weights: try folder.ship(file, key: key))
        case .model(let path, let preprocessing):
            let local = try home.localPath(of: path)
            shipped.source = .model(path: try folder.ship(local, key: key), preprocessing)
            let weights = local.hasSuffix(".xml") ? String(local.dropLast(4)) + ".bin" : local
            if weights != local, FileManager.default.fileExists(atPath: weights) {
                _ = try folder.ship(weights, key: key)
            }
        }
        return shipped
    }
}
