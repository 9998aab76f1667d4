import Datasets
import Foundation
import Imaging
import LightboxCore
import WireFormats

/// A small grey or coloured picture that is another one for each number.
func picture(_ number: Int, height: Int = 12, width: Int = 10, channels: Int = 1) -> Image {
    let samples = (0..<(height * width * channels)).map {
        UInt8(truncatingIfNeeded: $0 * (number + 3) + 17 * number)
    }
    return Image(width: width, height: height, channels: channels, samples: .uint8(samples))
}

func write(_ text: String, _ path: String) throws { try write(Array(text.utf8), path) }

func write(_ bytes: [UInt8], _ path: String) throws {
    try FileManager.default.createDirectory(
        atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try AtomicFile.write(bytes, to: path)
}

func gzip(_ text: String) -> [UInt8] {
    Array(text.utf8).withUnsafeBytes { Deflater.deflate($0, format: .gzip) }
}

/// Runs `body` and gives the error it must throw.
func failure(_ body: () throws -> some Any) -> DatasetError? {
    do {
        _ = try body()
        return nil
    } catch { return error as? DatasetError }
}

/// Records with a PNG each and the fourteen labels `(number + label) % 4`, in so many shards.
@discardableResult
func writeRecords(_ count: Int, shards: Int = 1, to folder: String, labels: LabelSet = .chexpert14) throws
    -> [String]
{
    let paths = TFRecordShards.paths(prefix: folder + "/train", shards: shards)
    let writers = try paths.map { try TFRecordWriter(path: $0) }
    for number in 0..<count {
        var example = Example(["png_bytes": .bytes([PNG.encode(picture(number))])])
        example["study"] = .text("1.2.\(number / 2)")
        example["instance"] = .text("1.2.3.\(number)")
        example["patient_id"] = .ints([Int64(number / 3)])
        example["view"] = .text(number % 4 == 3 ? "lateral" : "frontal")
        for (place, name) in labels.names.enumerated() { example[name] = .ints([Int64((number + place) % 4)]) }
        try writers[number * shards / count].append(example.serialized())
    }
    for writer in writers { try writer.finish() }
    return paths
}

let small = Preprocessing(height: 12, width: 10, channels: 1, scaling: .zeroToOne)

extension BatchLoader {
    /// The rest of the epoch.
    func rest() throws -> [Batch] {
        var batches: [Batch] = []
        while let batch = try next() { batches.append(batch) }
        return batches
    }
}
