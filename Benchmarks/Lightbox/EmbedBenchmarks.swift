import Features
import Foundation
import Imaging
import Inference
import LightboxCore
import Networks
import Pipelines
import Synchronization
import WireFormats

/// Records in, JSON lines out, beside OpenVINO's own loop over one batch that is already in memory.
enum EmbedBenchmarks {
    /// The weights are made up: the speed does not depend on them.
    static func run(records: String, network: String, precision: Precision) throws {
        try withScratchFolder { folder in
            var configuration = ExtractorConfiguration(.untrained(network))
            configuration.precision = precision
            let home = Home(path: folder)
            let (rate, cost) = try wholePath(configuration, records, home)
            report("\(network) \(precision.rawValue)", rate, "images/s")
            report("\(network) \(precision.rawValue) processor", cost, "ms")
            report(
                "\(network) \(precision.rawValue) bare loop", try bareLoop(configuration, records, home),
                "images/s")
        }
        report("\(network) \(precision.rawValue) peak memory", try peakMegabytes(), "MB")
    }

    /// Images a second, and milliseconds of processor for each, between the first and the last batch: compiling and
    /// calibrating are left out, as in the peer.
    private static func wholePath(
        _ configuration: ExtractorConfiguration, _ records: String, _ home: Home
    ) throws -> (rate: Double, cost: Double) {
        let marks = Mutex<[(images: Int, at: ContinuousClock.Instant, processor: Double)]>([])
        let context = StageContext(home: home) { update in
            if update.stage == "embed" {
                marks.withLock { $0.append((update.completed, .now, processorMilliseconds())) }
            }
        }
        let stage = EmbedStage(extractor: configuration)
        _ = try stage.run(.records(pattern: records), output: .jsonLines(path: home.path + "/v.jsonl"), context)
        return marks.withLock { marks in
            let (first, last) = (marks[0], marks[marks.count - 1])
            let images = Double(last.images - first.images)
            return (images / ((last.at - first.at) / .seconds(1)), (last.processor - first.processor) / images)
        }
    }

    /// Of all threads of this process so far.
    private static func processorMilliseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
    }

    private static func bareLoop(
        _ configuration: ExtractorConfiguration, _ records: String, _ home: Home
    ) throws -> Double {
        let extractor = try configuration.extractor(home: home, batch: 8, sample: images(records, count: 64))
        let batch = extractor.input(for: try images(records, count: extractor.batch))
        let batches = 40
        let time = try seconds {
            var left = batches
            try mapInOrder(
                threads: 4,
                next: { () -> Int? in
                    left -= 1
                    return left >= 0 ? left : nil
                },
                transform: { _ in try extractor.run(batch) }, consume: { _ in true })
        }
        return Double(batches * extractor.batch) / time
    }

    private static func images(_ records: String, count: Int) throws -> [Image] {
        let reader = TFRecordReader(paths: try TFRecordShards.paths(matching: records))
        return try (0..<count).map { _ in
            guard let bytes = try reader.next()?.example().bytes("png_bytes") else {
                throw InputError(.invalidInput, "\(records): too few records with png_bytes.")
            }
            return try ImageFile.decode(bytes)
        }
    }
}
