import Foundation
import Imaging
import LightboxCore
import WireFormats

// Times of the file formats and image codecs, one thread, best of several rounds.

func best(rounds: Int = 5, _ body: () throws -> Void) rethrows -> Double {
    var best = Double.infinity
    for _ in 0..<rounds {
        let start = ContinuousClock.now
        try body()
        let elapsed = ContinuousClock.now - start
        best = min(best, Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18)
    }
    return best
}

func report(_ name: String, _ value: Double, _ unit: String) {
    let padded = name + String(repeating: " ", count: max(1, 44 - name.count))
    print(padded + String(format: value < 10 ? "%.3f" : "%.0f", value) + " " + unit)
}

/// A smooth picture with noise in the lower bits, as a radiograph has.
func picture(_ height: Int, _ width: Int, channels: Int) -> [UInt8] {
    var random = SeededGenerator(seed: 1)
    return (0..<(height * width * channels)).map { index in
        let (x, y) = (index / channels % width, index / channels / width)
        return UInt8(60 + (x * 90) / width + (y * 60) / height + Int(random.next() & 7))
    }
}

func measureImages() throws {
    for (name, side, channels) in [
        ("512 × 512 grey", 512, 1), ("512 × 512 RGB", 512, 3), ("1024 × 1024 grey", 1024, 1),
    ] {
        let image = Image(
            width: side, height: side, channels: channels, samples: .uint8(picture(side, side, channels: channels))
        )
        let png = Bytes(PNG.encode(image))
        let jpeg = Bytes(try JPEG.encode(image, quality: 90))
        report("PNG encode \(name)", best { _ = PNG.encode(image) } * 1e3, "ms")
        report("PNG decode \(name)", try best { _ = try PNG.decode(png) } * 1e3, "ms")
        report("JPEG encode \(name)", try best { _ = try JPEG.encode(image, quality: 90) } * 1e3, "ms")
        report("JPEG decode \(name)", try best { _ = try JPEG.decode(jpeg) } * 1e3, "ms")
        for (label, target) in [("1", 1), ("3", 3)] {
            let settings = Preprocessing(height: 299, width: 299, channels: target, scaling: .minusOneToOne)
            var output = [Float](repeating: 0, count: settings.count)
            let time = best { output.withUnsafeMutableBufferPointer { settings.apply(to: image, into: $0) } }
            report("to 299 × 299 × \(label), scaled, \(name)", time * 1e3, "ms")
        }
    }
}

func measureRecords(in folder: String) throws {
    let block = picture(1024, 1024, channels: 16)
    let crc = best { _ = block.withUnsafeBytes { CRC32C.of($0) } }
    report("CRC-32C", Double(block.count) / crc / 1e9, "GB/s")
    let png = Bytes(block[..<100_000])
    let vector = (0..<2048).map { Float($0) / 1000 }
    let example = Example([
        "study": .text("1.2.3"), "series": .text("1.2.3.4"), "instance": .text("1.2.3.4.5"),
        "png_bytes": .bytes([png]), "vector": .floats(vector),
    ])
    let serialized = example.serialized()
    let size = Double(serialized.count) * 1000
    report("Example serialise 108 kB", best { _ = example.serialized() } * 1e6, "µs")
    let bytes = Bytes(serialized)
    report("Example parse 108 kB", try best { _ = try Example(serialized: bytes) } * 1e6, "µs")
    for compression in RecordCompression.allCases {
        let path = folder + "/a.tfrecord"
        let writing = try best(rounds: 2) {
            let writer = try TFRecordWriter(path: path, compression: compression)
            for _ in 0..<1000 { try writer.append(example) }
            try writer.finish()
        }
        report("TFRecord write, \(compression)", size / writing / 1e9, "GB/s")
        let reading = try best(rounds: 2) {
            let reader = TFRecordReader(paths: [path])
            while let record = try reader.next() { _ = try record.example() }
        }
        report("TFRecord read and parse, \(compression)", size / reading / 1e9, "GB/s")
    }
}

func measureLines(in folder: String) throws {
    var random = SeededGenerator(seed: 3)
    let vectors = (0..<1000).map { index in
        FeatureVector(
            key: InstanceKey(study: "1.2.3", series: "1.2.3.4", instance: "1.2.3.4.\(index)"),
            values: (0..<2048).map { _ in Float(random.uniform() * 3) })
    }
    let path = folder + "/v.jsonl"
    let writing = try best(rounds: 3) {
        let writer = try JSONLinesWriter(path: path)
        for vector in vectors { try writer.append(vector) }
        try writer.finish()
    }
    report("JSON line of 2048 floats, write", writing * 1e3, "µs")
    func read(_ path: String) throws -> Double {
        try best(rounds: 3) {
            let reader = try JSONLinesReader(path: path)
            while let line = try reader.next() { _ = try FeatureVector(line) }
        }
    }
    report("10,000 such lines, read", try read(path) * 10, "s")
    // Python writes a Float32 as the Double that it is: 17 digits.
    let writer = try JSONLinesWriter(path: path)
    for vector in vectors {
        let digits = vector.values.map { JSONValue.number(Double($0)) }
        try writer.append(
            .object([JSONMember("instance", .string("1")), JSONMember("feature_vector", .array(digits))]))
    }
    try writer.finish()
    report("10,000 lines as Python writes them, read", try read(path) * 10, "s")
    let table = try CSVWriter(path: folder + "/t.csv", header: ["a", "b", "c"])
    for index in 0..<200_000 { try table.append(["gs://bucket/images/\(index).jpg", "label", "0.5"]) }
    try table.finish()
    let reading = try best(rounds: 2) {
        let reader = try CSVReader(path: folder + "/t.csv")
        while try reader.next() != nil {}
    }
    report("CSV read", 0.2 / reading, "million rows/s")
}

let folder = FileManager.default.temporaryDirectory.appendingPathComponent("formats-" + UUID().uuidString).path
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(atPath: folder) }
try measureImages()
try measureRecords(in: folder)
try measureLines(in: folder)
