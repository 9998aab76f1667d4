import Foundation
import LightboxCore
import TestSupport
import Testing
import WireFormats

@Suite("Records in any order") struct TFRecordIndexTests {
    private func bytes(_ count: Int) -> [UInt8] {
        (0..<count).flatMap { TFRecordWriter.framed(Array(repeating: UInt8($0 & 255), count: $0 * 7 % 50)) }
    }

    @Test("Gives each record of a plain and of a gzip file", arguments: [RecordCompression.none, .gzip])
    func everyRecord(compression: RecordCompression) throws {
        try withTemporaryFolder { folder in
            let path = folder + "/a.tfrecord"
            let writer = try TFRecordWriter(path: path, compression: compression)
            for number in 0..<40 { try writer.append(Array(repeating: UInt8(number), count: number * 7 % 50)) }
            try writer.finish()
            let index = try TFRecordIndex(path: path)
            #expect(index.count == 40 && index.problem == nil)
            for number in (0..<40).reversed() {
                let record = try index.record(number)
                #expect(record.data.array == Array(repeating: UInt8(number), count: number * 7 % 50))
                index.release(number)
            }
        }
    }

    @Test("A record with damaged bytes is refused alone; a damaged length ends the file") func damage() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/a.tfrecord"
            var plain = bytes(20)
            let index = try TFRecordIndex(path: write(plain, path))
            plain[index.offsets[4] + 3] ^= 1
            plain[index.offsets[9] - 12] ^= 1
            let damaged = try TFRecordIndex(path: write(plain, path))
            #expect(damaged.count == 9)
            #expect(
                damaged.problem?.code == .badLengthChecksum && damaged.problem?.offset == index.offsets[9] - 12)
            #expect(throws: RecordError.self) { try damaged.record(4) }
            #expect(try damaged.record(5).data.count == 35)
        }
    }

    private func write(_ bytes: [UInt8], _ path: String) throws -> String {
        try AtomicFile.write(bytes, to: path)
        return path
    }

    @Test("Whatever the bytes, it ends in records or a problem") func fuzz() throws {
        try withTemporaryFolder { folder in
            var random = SeededGenerator(seed: 5)
            let whole = bytes(12)
            for _ in 0..<300 {
                let path = try write(mutated(whole, &random), folder + "/a")
                let index = try TFRecordIndex(path: path)
                for number in 0..<index.count { _ = try? index.record(number) }
            }
        }
    }
}
