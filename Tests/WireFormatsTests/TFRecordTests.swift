import Foundation
import LightboxCore
import TestSupport
import Testing
import WireFormats

/// All records of some files.
func records(
    _ paths: String..., onCorruption policy: CorruptionPolicy = .fail, limit: Int = 1 << 20
) throws -> (records: [TFRecord], problems: [RecordError]) {
    let reader = TFRecordReader(paths: paths, onCorruption: policy, maximumLength: limit)
    var records: [TFRecord] = []
    while let record = try reader.next() { records.append(record) }
    return (records, reader.problems)
}

@Suite("TFRecord") struct TFRecordTests {
    @Test("Reads TensorFlow's files", arguments: ["tensorflow.tfrecord", "tensorflow.tfrecord.gz"])
    func readsTensorFlow(name: String) throws {
        let examples = try records(reference("formats/" + name)).records.map { try $0.example() }
        #expect(try examples == referenceExamples())
    }

    @Test("Writes TensorFlow's own bytes") func equalsTensorFlow() throws {
        try withTemporaryFolder { folder in
            try write(referenceExamples(), to: folder + "/a", compression: .none)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/a"))
            #expect(try bytes == Data(contentsOf: URL(fileURLWithPath: reference("formats/tensorflow.tfrecord"))))
        }
    }

    // check_ours.py lets TensorFlow read the stored file, which this writer made.
    @Test("Compresses as in the file that TensorFlow was shown") func compressed() throws {
        try withTemporaryFolder { folder in
            try write(referenceExamples(), to: folder + "/a", compression: .gzip)
            let stored = try records(reference("formats/lightbox.tfrecord.gz")).records.map(\.data)
            #expect(try records(folder + "/a").records.map(\.data) == stored)
        }
    }

    func write(_ examples: [Example], to path: String, compression: RecordCompression) throws {
        let writer = try TFRecordWriter(path: path, compression: compression)
        for example in examples { try writer.append(example) }
        try writer.finish()
    }

    @Test("Deals records to shards in turn; every shard appears") func shards() throws {
        try withTemporaryFolder { folder in
            let writer = try TFRecordShardWriter(prefix: folder + "/train", shards: 3)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { $0.hasPrefix(".") })
            for value in 0..<2 { try writer.append(Example(["n": .ints([Int64(value)])])) }
            let paths = try writer.finish()
            #expect(
                paths.map { ($0 as NSString).lastPathComponent } == [
                    "train-00000-of-00003.tfrecord", "train-00001-of-00003.tfrecord",
                    "train-00002-of-00003.tfrecord",
                ])
            #expect(try TFRecordShards.paths(matching: folder) == paths)
            #expect(try paths.map { try records($0).records.count } == [1, 1, 0])
        }
    }

    @Test("Leaves nothing behind without finish") func unfinished() throws {
        try withTemporaryFolder { folder in
            do { try TFRecordWriter(path: folder + "/a.tfrecord").append([1]) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test("Skips damaged bytes, ends a file at a damaged length, goes on with the next file")
    func corruption() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/a"
            let writer = try TFRecordWriter(path: path)
            for value in 0..<4 { try writer.append(Array(repeating: UInt8(value), count: 10)) }
            try writer.finish()
            let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            func damaged(_ offset: Int) throws -> String {
                var bytes = whole
                bytes[offset] ^= 1
                try AtomicFile.write(bytes, to: folder + "/b")
                return folder + "/b"
            }
            let data = try records(damaged(26 + 13), path, onCorruption: .skip)
            #expect(data.records.map(\.data[0]) == [0, 2, 3, 0, 1, 2, 3])
            #expect(data.problems.map(\.source) == [folder + "/b@26"])
            let length = try records(damaged(26 + 2), path, onCorruption: .skip)
            #expect(length.records.map(\.data[0]) == [0, 0, 1, 2, 3])
            #expect(length.problems.map(\.code) == [.badLengthChecksum])
            #expect(throws: RecordError.self) { try records(damaged(26 + 13)) }
            try AtomicFile.write(whole.dropLast(3) + [], to: folder + "/b")
            #expect(try records(folder + "/b", onCorruption: .skip).problems.map(\.code) == [.truncated])
            #expect(try records(path, onCorruption: .skip, limit: 9).problems.map(\.code) == [.limitExceeded])
        }
    }

    @Test("Survives any damage", arguments: ["tensorflow.tfrecord", "tensorflow.tfrecord.gz"])
    func mutations(name: String) throws {
        let original = [UInt8](try Data(contentsOf: URL(fileURLWithPath: reference("formats/" + name))))
        var random = SeededGenerator(seed: 3, stream: name)
        try withTemporaryFolder { folder in
            for round in 0..<400 {
                try Data(mutated(original, &random)).write(to: URL(fileURLWithPath: folder + "/m\(round)"))
                let survivors = try records(folder + "/m\(round)", onCorruption: .skip).records
                for record in survivors { _ = try? record.example() }
            }
        }
    }

    @Test("A record longer than a gigabyte is refused before memory is taken") func hugeLength() throws {
        try withTemporaryFolder { folder in
            let length = withUnsafeBytes(of: UInt64.max.littleEndian, Array.init)
            let crc = withUnsafeBytes(
                of: length.withUnsafeBytes { CRC32C.masked(of: $0) }.littleEndian, Array.init)
            try AtomicFile.write(length + crc + [1, 2, 3], to: folder + "/h")
            #expect(
                try records(folder + "/h", onCorruption: .skip, limit: 1 << 30).problems.map(\.code) == [
                    .limitExceeded
                ])
        }
    }
}

@Suite("File pattern") struct FilePatternTests {
    @Test("Matches within and across folders") func globs() throws {
        try withTemporaryFolder { folder in
            for name in ["a.tfrecord", "b.txt", "x/c.tfrecord", "x/y/d.tfrecord", ".hidden.tfrecord"] {
                let path = folder + "/" + name
                let parent = (path as NSString).deletingLastPathComponent
                try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
                try AtomicFile.write([UInt8](), to: path)
            }
            func found(_ pattern: String) throws -> [String] {
                try TFRecordShards.paths(matching: folder + "/" + pattern).map {
                    String($0.dropFirst(folder.count + 1))
                }
            }
            #expect(try found("*.tfrecord") == ["a.tfrecord"])
            #expect(try found("**.tfrecord") == ["a.tfrecord", "x/c.tfrecord", "x/y/d.tfrecord"])
            #expect(try found("**/*.tfrecord") == ["a.tfrecord", "x/c.tfrecord", "x/y/d.tfrecord"])
            #expect(try found("x/?.tfrecord,\(folder)/*.txt").count == 2)
            #expect(throws: FileFailure.self) { try found("*.csv") }
        }
    }
}
