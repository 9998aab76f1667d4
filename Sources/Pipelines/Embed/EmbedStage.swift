public import Features
import Foundation
import Imaging
public import LightboxCore
import Warehouse
import WireFormats

/// Images in, one feature vector for each out.
///
/// Decoding, the network and the encoding of the output run side by side on all cores; the output is in the
/// order of the input and the same on every run. A run that was stopped or killed goes on where it was.
public struct EmbedStage: Sendable {
    public var extractor: ExtractorConfiguration
    /// Images that go through the network together.
    public var batchSize = 8
    public var display = DisplayOptions()
    public var frames = FrameChoice.all
    public var stopsAtFirstError = false
    /// A table gets a second vector for each image, `appearance`: what the picture looks like, whatever it shows.
    public var keepsAppearance = false
    /// Replace an output that is there already.
    public var overwrites = false

    public init(extractor: ExtractorConfiguration) { self.extractor = extractor }

    public struct Report: Sendable {
        public var stage: StageReport
        /// What ran: network, weights, precision.
        public var provenance: FeatureExtractor.Provenance
        /// What each precision did on a sample of the input; nil unless the precision was `auto`.
        public var precision: PrecisionReport?
    }

    public func run(_ input: ImageInput, output: VectorOutput, _ context: StageContext) throws -> Report {
        switch output {
        case .jsonLines(let path): try run(input, path, .jsonLines, context)
        case .records(let path): try run(input, path, .records, context)
        case .npy(let path): try run(input, path, .npy, context)
        case .table(let table): try run(input, intoTable: table, context)
        }
    }

    /// Into SQL by way of JSON lines in the home's `jobs` folder, so that a killed run can go on there too.
    private func run(_ input: ImageInput, intoTable table: String, _ context: StageContext) throws -> Report {
        let warehouse = try Warehouse(home: context.home)
        if !overwrites, try warehouse.schema(of: TableName(table)) != nil {
            throw InputError(.conflict, "the table \(table) exists. Pass --overwrite to replace it.")
        }
        let folder = context.home.jobs + "/embed"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let lines = folder + "/" + ContentHash(of: table.utf8).description.prefix(16) + ".jsonl"
        try? FileManager.default.removeItem(atPath: lines)
        var report = try run(input, lines, keepsAppearance ? .tableRowsWithAppearance : .tableRows, context)
        var load = LoadStage()
        load.disposition = overwrites ? .truncate : .failIfExists
        load.notes = try notes(report.provenance)
        _ = try load.run(lines, table: table, context)
        try FileManager.default.removeItem(atPath: lines)
        report.stage.outputs = ["table \(table)"]
        return report
    }

    /// Under which a table keeps how its vectors were made: an ``ExtractorConfiguration`` as JSON.
    static let extractorNote = "extractor"

    /// What a table keeps of how it was made, so that further images can be brought to it.
    private func notes(_ made: FeatureExtractor.Provenance) throws -> [String: String] {
        var extractor = extractor
        extractor.precision = made.precision
        switch extractor.source {
        case .network(let name, let weights?):
            extractor.source = .network(name, weights: Self.absolute(weights))
        case .model(let path, let preprocessing):
            extractor.source = .model(path: Self.absolute(path), preprocessing)
        case .network, .untrained: break
        }
        return [
            Self.extractorNote: String(decoding: try JSONEncoder().encode(extractor), as: UTF8.self),
            "network": made.network, "weights": made.weights.description, "precision": made.precision.rawValue,
        ]
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") || path.contains("://") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    private func run(
        _ input: ImageInput, _ output: String, _ format: VectorFormat, _ context: StageContext
    ) throws -> Report {
        let path = try context.home.localPath(of: output)
        if !overwrites, RemoteFiles.exists(path) {
            throw InputError(.conflict, "\(RemoteFiles.shown(path)) exists. Pass --overwrite to replace it.")
        }
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent.nonEmptyFolder, withIntermediateDirectories: true)
        let extractor = try extractor.extractor(
            home: context.home, batch: batchSize, threads: context.threads, sample: loadSample(input, context)
        ) { step in
            context.progress(ProgressUpdate(stage: step, completed: 0, total: nil))
        }
        let source = try input.open(home: context.home, frames: frames)
        var report: StageReport
        if let distribution = context.distribution {
            report = try distribute(source, with: extractor, to: path, format, over: distribution, context)
        } else {
            let settings = try settingsLine(extractor.provenance, input: source.fingerprint, format)
            var file = try ResumableOutput(paths: format.files(path), settings: settings)
            report = try embed(source, with: extractor, into: &file, format, context)
            try finish(file, report, extractor, format)
        }
        report.outputs = format.files(path)
        return Report(stage: report, provenance: extractor.provenance, precision: extractor.report)
    }

    /// Completes the header of a numpy file, whose number of rows is known now, and names the files.
    func finish(
        _ file: consuming ResumableOutput, _ report: StageReport, _ extractor: FeatureExtractor,
        _ format: VectorFormat
    ) throws {
        if format == .npy {
            try file.replaceStart(
                of: 0, with: NPY.header(shape: [report.written + report.unchanged, extractor.featureCount]))
        }
        try file.finish()
    }

    private func embed(
        _ source: ItemSource, with extractor: FeatureExtractor, into file: inout ResumableOutput,
        _ format: VectorFormat, _ context: StageContext
    ) throws -> StageReport {
        var report = StageReport(stage: "embed")
        report.problems = file.earlierProblems
        report.unchanged = file.checkpoint.written
        var entries = file.checkpoint.entries
        for _ in 0..<entries { _ = try source.next() }
        var uncommitted: [StageReport.Problem] = []
        var lastCommit = ContinuousClock.now
        var hasStart = file.isResumed
        // Twice as many threads as cores: while one waits for the network, another decodes.
        try mapInOrder(
            threads: 2 * context.threads, next: { try nextBatch(of: source) },
            transform: { try embed($0, with: extractor, format) },
            consume: { batch in
                if !hasStart, let key = batch.firstKey {
                    let starts = format.starts(key: key, featureCount: extractor.featureCount)
                    for (index, bytes) in starts.enumerated() { try file.append(bytes, to: index) }
                    hasStart = true
                }
                for (index, bytes) in batch.pieces.enumerated() { try file.append(bytes, to: index) }
                report.written += batch.written
                report.problems += batch.problems
                uncommitted += batch.problems
                entries += batch.entries
                if stopsAtFirstError, let problem = batch.problems.first {
                    throw InputError(.invalidInput, "\(problem.source): \(problem.reason)")
                }
                if context.isCancelled() || lastCommit.duration(to: .now) > .seconds(2) {
                    let written = report.written + report.unchanged
                    try file.commit(entries: entries, written: written, problems: uncommitted)
                    uncommitted = []
                    lastCommit = .now
                    if context.isCancelled() { throw Cancelled(stage: "embed", continues: true) }
                }
                context.progress(ProgressUpdate(stage: "embed", completed: entries, total: source.total))
                return true
            })
        return report
    }

    private func nextBatch(of source: ItemSource) throws -> [ItemSource.Entry]? {
        var batch: [ItemSource.Entry] = []
        while batch.count < batchSize, let entry = try source.next() { batch.append(entry) }
        return batch.isEmpty ? nil : batch
    }

    /// The output of one batch, ready to be written.
    struct EmbeddedBatch: Sendable {
        var entries = 0
        var written = 0
        var problems: [StageReport.Problem] = []
        var firstKey: InstanceKey?
        /// For each output file the bytes to add.
        var pieces: [[UInt8]] = []
    }

    func embed(
        _ entries: [ItemSource.Entry], with extractor: FeatureExtractor, _ format: VectorFormat
    ) throws -> EmbeddedBatch {
        var batch = EmbeddedBatch(entries: entries.count)
        var images: [LoadedImage] = []
        for entry in entries {
            switch entry {
            case .problem(let problem): batch.problems.append(problem)
            case .item(let item):
                do {
                    var image = try item.load(display, channels: extractor.preprocessing.channels)
                    if format.isTable, let file = item.file, image.key["file"] == nil {
                        image.key.fields.append(InstanceKey.Field("file", file))
                    }
                    images.append(image)
                } catch {
                    batch.problems.append(.init(source: item.origin, error: error))
                }
            }
        }
        guard !images.isEmpty else { return batch }
        let vectors = try extractor.run(images.map(\.image))
        batch.written = images.count
        batch.firstKey = images[0].key
        for (image, vector) in zip(images, vectors) {
            let pieces = try format.encode(image, vector)
            if batch.pieces.isEmpty { batch.pieces = pieces.map { _ in [] } }
            for (index, piece) in pieces.enumerated() { batch.pieces[index] += piece }
        }
        return batch
    }

    /// Images from all over the first part of the input, for calibration and the choice of precision.
    private func loadSample(_ input: ImageInput, _ context: StageContext) throws -> [Image] {
        guard extractor.precision == .auto || extractor.precision == .int8 else { return [] }
        let wanted = 2 * FeatureExtractor.sampleCount
        let source = try input.open(home: context.home, frames: frames)
        let step = max(1, min(source.total ?? 0, 64 * wanted) / wanted)
        var sample: [Image] = []
        var position = 0
        while sample.count < wanted, let entry = try source.next() {
            defer { position += 1 }
            guard position % step == 0, case .item(let item) = entry else { continue }
            if let loaded = try? item.load(display) { sample.append(loaded.image) }
        }
        return sample
    }

    private func settingsLine(
        _ provenance: FeatureExtractor.Provenance, input: String, _ format: VectorFormat
    ) throws -> String {
        struct Settings: Encodable {
            let extractor: FeatureExtractor.Provenance
            let input, format: String
            let display: DisplayOptions
            let frames: FrameChoice
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let settings = Settings(
            extractor: provenance, input: input, format: "\(format)", display: display, frames: frames)
        return String(decoding: try encoder.encode(settings), as: UTF8.self)
    }
}

extension EmbedStage.Report {
    /// One line for people: what ran, how fast each precision was on the sample and how well it agreed.
    public var summary: String {
        var line =
            "\(provenance.network), \(provenance.precision.rawValue), weights \(provenance.weights.description.prefix(12))"
        if let precision {
            let candidates = precision.candidates.map { candidate in
                let rate = String(format: "%.1f", candidate.imagesPerSecond)
                return
                    "\(candidate.precision.rawValue) \(rate)/s, cosine \(String(format: "%.5f", candidate.meanCosine))"
            }
            line += " (on \(precision.sampleCount) images: \(candidates.joined(separator: "; ")))"
        }
        return line
    }
}
