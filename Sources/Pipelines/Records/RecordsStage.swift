import Foundation
import Imaging
public import LightboxCore
import WireFormats

/// Writes images as `tf.Example` records into TFRecord shards, resized and encoded anew.
///
/// Each example holds `study`, `series`, `instance` (empty, empty and the content hash for plain images),
/// `path` or `frame` where there is one, the picture as `png_bytes`, `jpg_bytes` or `raw_bytes`, and the
/// columns of the CSV: whole numbers as int64, the rest as bytes. The same input gives the same bytes.
public struct RecordsStage: Sendable, Codable, Equatable {
    public enum Encoding: String, Sendable, Codable, CaseIterable {
        case png, jpeg, raw

        var featureName: String {
            switch self {
            case .png: "png_bytes"
            case .jpeg: "jpg_bytes"
            case .raw: "raw_bytes"
            }
        }
    }

    /// Pixels; nil keeps each image's own size.
    public var shape: ImageShape?
    public var shards = 1
    public var encoding = Encoding.png
    /// 1...100, for JPEG.
    public var jpegQuality = 90
    public var compressesWithGzip = false
    public var resampling = Preprocessing.Resampling.bilinear
    public var display = DisplayOptions()
    public var frames = FrameChoice.all
    public var stopsAtFirstError = false
    public var overwrites = false

    public init() {}

    /// - Parameter output: the common beginning of the shards' paths: `out/train` gives
    ///   `out/train-00000-of-00004.tfrecord`.
    public func run(_ input: ImageInput, output: String, _ context: StageContext) throws -> StageReport {
        let source = try input.open(home: context.home, frames: frames)
        let prefix = try context.home.localPath(of: output)
        let entries = try allEntries(of: source)
        let paths = shardPaths(prefix)
        let existing = try paths.first(where: RemoteFiles.exists) ?? earlierShards(prefix).first
        if !overwrites, let existing {
            throw InputError(
                .conflict, "\(RemoteFiles.shown(existing)) exists. Pass --overwrite to replace the records.")
        }
        try FileManager.default.createDirectory(
            atPath: (paths[0] as NSString).deletingLastPathComponent.nonEmptyFolder,
            withIntermediateDirectories: true)
        if let distribution = context.distribution {
            var report = try distribute(entries, to: paths, over: distribution, context)
            try removeStale(prefix, but: paths)
            report.outputs = paths
            return report
        }
        var report = StageReport(stage: "records")
        var feed = entries.makeIterator()
        var position = 0
        // No shard gets its name before all are whole.
        let writers = try paths.map { try TFRecordWriter(path: $0, compression: compression) }
        try mapInOrder(threads: context.threads) {
            feed.next()
        } transform: {
            serialize($0)
        } consume: { outcome in
            let shard = position * shards / entries.count
            position += 1
            switch outcome {
            case .record(let bytes):
                try writers[shard].append(bytes)
                report.written += 1
            case .problem(let problem):
                report.problems.append(problem)
                if stopsAtFirstError { throw InputError(.invalidInput, "\(problem.source): \(problem.reason)") }
            }
            context.progress(ProgressUpdate(stage: "records", completed: position, total: entries.count))
            if context.isCancelled() { throw Cancelled(stage: "records") }
            return true
        }
        for writer in writers { try writer.finish() }
        try removeStale(prefix, but: paths)
        report.outputs = paths
        return report
    }

    private func removeStale(_ prefix: String, but paths: [String]) throws {
        let present = Set(paths)
        for stale in try earlierShards(prefix) where !present.contains(stale) {
            try RemoteFiles.remove(stale)
        }
    }

    var compression: RecordCompression { compressesWithGzip ? .gzip : .none }

    /// Shards of an earlier run at the same prefix, whatever their number: read together, they would repeat images.
    private func earlierShards(_ prefix: String) throws -> [String] {
        let name = (prefix as NSString).lastPathComponent
        let folder = (prefix as NSString).deletingLastPathComponent.nonEmptyFolder
        let shard = try Regex<Substring>(#"-\d{5}-of-\d{5}\.tfrecord(?:\.gz)?"#)
        return try RemoteFiles.names(in: folder).filter { file in
            file.hasPrefix(name) && file.dropFirst(name.count).wholeMatch(of: shard) != nil
        }.map { folder + "/" + $0 }
    }

    private func shardPaths(_ prefix: String) -> [String] {
        if shards == 1 && (prefix.hasSuffix(".tfrecord") || prefix.hasSuffix(".tfrecord.gz")) { return [prefix] }
        return TFRecordShards.paths(prefix: prefix, shards: shards, compression: compression)
    }

    private func allEntries(of source: ItemSource) throws -> [ItemSource.Entry] {
        var entries: [ItemSource.Entry] = []
        while let entry = try source.next() { entries.append(entry) }
        return entries
    }

    enum Outcome: Sendable {
        case record([UInt8])
        case problem(StageReport.Problem)
    }

    func serialize(_ entry: ItemSource.Entry) -> Outcome {
        switch entry {
        case .problem(let problem): return .problem(problem)
        case .item(let item):
            do {
                return .record(try example(of: item.load(display, channels: shape?.channels)).serialized())
            } catch {
                return .problem(StageReport.Problem(source: item.origin, error: error))
            }
        }
    }

    private func example(of loaded: LoadedImage) throws -> Example {
        var image = loaded.image
        if let shape {
            if image.channels != shape.channels { image = image.converted(toChannels: shape.channels) }
            image = image.resized(height: shape.height, width: shape.width, resampling: resampling)
        }
        var example = Example()
        for name in ["study", "series"] { example[name] = .text(loaded.key[name] ?? "") }
        for field in loaded.key.fields { example[field.name] = .text(field.value) }
        for extra in loaded.extras { example.set(extra) }
        switch encoding {
        case .png: example[encoding.featureName] = .bytes([PNG.encode(image)])
        case .jpeg: example[encoding.featureName] = .bytes([try JPEG.encode(image, quality: jpegQuality)])
        case .raw:
            example[encoding.featureName] = .bytes([image.eightBitSamples])
            example["height"] = .ints([Int64(image.height)])
            example["width"] = .ints([Int64(image.width)])
            example["channels"] = .ints([Int64(image.channels)])
        }
        return example
    }
}

/// Height, width and channels, as in `--shape 299,299,1`.
public struct ImageShape: Sendable, Hashable, Codable {
    public let height: Int
    public let width: Int
    /// 1 or 3.
    public let channels: Int

    /// Reads `H,W,C` (or `H,W`, which means one channel); nil when it is anything else.
    public init?(_ text: String) {
        let numbers = text.split(separator: ",").map { Int($0.trimmingCharacters(in: .whitespaces)) }
        guard [2, 3].contains(numbers.count), numbers.allSatisfy({ $0.map { (1...16384).contains($0) } ?? false }),
            let height = numbers[0], let width = numbers[1]
        else { return nil }
        let channels = numbers.count == 3 ? numbers[2]! : 1
        guard [1, 3].contains(channels) else { return nil }
        (self.height, self.width, self.channels) = (height, width, channels)
    }
}

extension Example {
    /// A whole number becomes an int64, anything else text as it stands.
    mutating func set(_ extra: ImageItem.Extra) {
        switch extra.value {
        case .text(let text):
            self[extra.name] = Int64(text).map { .ints([$0]) } ?? .text(text)
        case .integer(let number): self[extra.name] = .ints([number])
        case .real(let number): self[extra.name] = .floats([number])
        }
    }
}
