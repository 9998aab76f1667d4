// How fast images become vectors, beside OpenVINO's own loop over one batch that is already in memory.
//
//   EmbedBenchmark RECORDS.tfrecord [NETWORK] [SECONDS]
//
// Records hold `png_bytes` or `jpg_bytes` (embed_peer.py --make writes some). The weights are made up: the speed does
// not depend on them. Prints for each precision the loop and the whole path from records to JSON lines, in images per
// second and in processor milliseconds per image, which a busy machine changes less.
import Features
import Foundation
import Imaging
import Inference
import LightboxCore
import Networks
import WireFormats

let arguments = CommandLine.arguments
guard arguments.count > 1 else {
    print("usage: EmbedBenchmark RECORDS.tfrecord [NETWORK] [SECONDS]")
    exit(64)
}
let records = arguments[1]
let network = try Network.named(arguments.count > 2 ? arguments[2] : "xception")
let seconds = arguments.count > 3 ? Double(arguments[3]) ?? 3 : 3

let clock = ContinuousClock()
let weights = NetworkWeights.initial(for: try network.graph(), seed: 1)
let model = try FeatureModel(network: network, weights: weights, hash: ContentHash(of: "benchmark".utf8))

/// Images decoded from the records, again from the start when they end.
struct ImageLoop {
    private var reader = TFRecordReader(paths: [records])

    mutating func next() throws -> Image {
        guard let record = try reader.next() else {
            reader = TFRecordReader(paths: [records])
            return try next()
        }
        let example = try record.example()
        guard let bytes = example.bytes("png_bytes") ?? example.bytes("jpg_bytes") else {
            throw FeatureError(code: .inputMismatch, model: records, remedy: "The records hold no image.")
        }
        return try ImageFile.decode(bytes)
    }
}

struct Speed {
    var imagesPerSecond = 0.0
    /// Of all threads together.
    var processorMilliseconds = Double.infinity

    mutating func take(best other: Speed) {
        imagesPerSecond = max(imagesPerSecond, other.imagesPerSecond)
        processorMilliseconds = min(processorMilliseconds, other.processorMilliseconds)
    }
}

struct Stopwatch {
    private let start = clock.now
    private let processorStart = Foundation.clock()

    var isOver: Bool { clock.now - start > .seconds(seconds) }

    func speed(_ count: Int) -> Speed {
        let processor = Double(Foundation.clock() - processorStart) / Double(CLOCKS_PER_SEC)
        return Speed(
            imagesPerSecond: Double(count) / ((clock.now - start) / .seconds(1)),
            processorMilliseconds: 1000 * processor / Double(count))
    }
}

/// The same batch again and again, as many under way as the model takes.
func bareLoop(_ extractor: FeatureExtractor, _ batch: NDArray) async throws -> Speed {
    let watch = Stopwatch()
    let count = SharedCount()
    try await extractor.process(
        next: { watch.isOver ? nil : ((), batch) },
        consume: { (_: Void, vectors) in count.value += vectors.count })
    return watch.speed(count.value)
}

/// Records in, JSON lines out.
func wholePath(_ extractor: FeatureExtractor) async throws -> Speed {
    var images = ImageLoop()
    let output = FileManager.default.temporaryDirectory.appendingPathComponent("embed-\(UUID().uuidString).jsonl")
    try Data().write(to: output)
    defer { try? FileManager.default.removeItem(at: output) }
    let file = try FileHandle(forWritingTo: output)
    let watch = Stopwatch()
    let count = SharedCount()
    try await extractor.process(
        next: {
            guard !watch.isOver else { return nil }
            var batch: [Image] = []
            while batch.count < extractor.batch { batch.append(try images.next()) }
            return ((), extractor.input(for: batch))
        },
        consume: { (_: Void, vectors) in
            count.value += vectors.count
            var lines = ""
            for vector in vectors {
                lines += "{\"feature_vector\": [" + vector.map(\.description).joined(separator: ", ") + "]}\n"
            }
            try file.write(contentsOf: Data(lines.utf8))
        })
    return watch.speed(count.value)
}

/// Counts on one task at a time: `consume` is never called twice at once.
final class SharedCount { var value = 0 }

var images = ImageLoop()
let sample = try (0..<32).map { _ in network.preprocessing.apply(to: try images.next()) }
let extractors = try [Precision.float32, .bfloat16, .int8].map {
    try FeatureExtractor(model, sample: sample, settings: .init(precision: $0))
}
let batchShape = [extractors[0].batch] + sample[0].shape
let batch = NDArray(shape: batchShape, values: sample.prefix(extractors[0].batch).flatMap(\.values))

var best = Array(repeating: (bare: Speed(), whole: Speed()), count: extractors.count)
for _ in 0..<2 {
    for (index, extractor) in extractors.enumerated() {
        best[index].bare.take(best: try await bareLoop(extractor, batch))
        best[index].whole.take(best: try await wholePath(extractor))
    }
}
print("\(network.name), batch \(extractors[0].batch): images per second, processor milliseconds per image")
for (extractor, speeds) in zip(extractors, best) {
    func columns(_ speed: Speed) -> String {
        String(format: "%8.1f %6.1f", speed.imagesPerSecond, speed.processorMilliseconds)
    }
    let name = extractor.provenance.precision.rawValue.padding(toLength: 4, withPad: " ", startingAt: 0)
    let ratio = String(format: "%5.1f %%", 100 * speeds.whole.imagesPerSecond / speeds.bare.imagesPerSecond)
    print("\(name)  loop\(columns(speeds.bare))  records to JSON lines\(columns(speeds.whole))  \(ratio)")
}
