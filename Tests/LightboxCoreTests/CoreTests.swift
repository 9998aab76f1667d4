import Foundation
import LightboxCore
import TestSupport
import Testing

@Suite("Content hash") struct ContentHashTests {
    @Test(
        "Equals the test vectors of FIPS 180-4",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ])
    func knownVectors(text: String, digest: String) {
        #expect(ContentHash(of: text.utf8).description == digest)
    }

    @Test("A file hashes like its bytes") func file() throws {
        try withTemporaryFolder { folder in
            let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try AtomicFile.write(bytes, to: folder + "/f")
            #expect(try ContentHash(ofFile: folder + "/f") == ContentHash(of: bytes))
        }
    }
}

@Suite("Deflate") struct DeflateTests {
    static let text = Array(String(repeating: "lightbox ", count: 50_000).utf8)

    @Test("Inflates what it deflated", arguments: [DeflateFormat.raw, .zlib, .gzip])
    func roundTrip(format: DeflateFormat) throws {
        let packed = Self.text.withUnsafeBytes { Deflater.deflate($0, format: format) }
        #expect(packed.count < Self.text.count / 50)
        let unpacked = try packed.withUnsafeBytes { try Inflater.inflate($0, format: format, limit: 1 << 20) }
        #expect(unpacked == Self.text)
    }

    @Test("Stops at the limit") func limit() {
        let packed = Self.text.withUnsafeBytes { Deflater.deflate($0, format: .raw) }
        #expect(throws: DeflateError.limitExceeded(bytes: 1000)) {
            try packed.withUnsafeBytes { try Inflater.inflate($0, format: .raw, limit: 1000) }
        }
    }

    @Test("Says when the input ends early") func truncated() {
        let packed = Self.text.withUnsafeBytes { Deflater.deflate($0, format: .gzip) }
        #expect(throws: DeflateError.truncated) {
            try packed[..<(packed.count / 2)].withUnsafeBytes {
                try Inflater.inflate($0, format: .gzip, limit: 1 << 20)
            }
        }
    }

    @Test("Reads gzip members one after another") func members() throws {
        let one = Self.text.withUnsafeBytes { Deflater.deflate($0, format: .gzip) }
        let both = try (one + one).withUnsafeBytes { try Inflater.inflate($0, format: .gzip, limit: 1 << 21) }
        #expect(both == Self.text + Self.text)
    }
}

@Suite("Seeded generator") struct SeededGeneratorTests {
    @Test("Gives SplitMix64's published sequence") func sequence() {
        var generator = SeededGenerator(seed: 1_234_567)
        #expect(
            (0..<3).map { _ in generator.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ])
    }
}

@Suite("Atomic file") struct AtomicFileTests {
    @Test("Leaves the old file and no other when the writer fails") func failure() throws {
        struct Stop: Error {}
        try withTemporaryFolder { folder in
            try AtomicFile.write(Array("old".utf8), to: folder + "/f")
            #expect(throws: Stop.self) { try AtomicFile.write(to: folder + "/f") { _ in throw Stop() } }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["f"])
            #expect(try String(contentsOfFile: folder + "/f", encoding: .utf8) == "old")
        }
    }
}
