import Foundation
import Imaging
import LightboxCore
import Testing

@Suite("PNG") struct PNGTests {
    static let expected = Result { try storedReference("png.json", as: [String: [String: StoredArray]].self) }

    @Test("Gives TensorFlow's numbers for every colour type and depth, as 1, 3 and 4 channels")
    func equalsTensorFlow() throws {
        let expected = try Self.expected.get()
        #expect(expected.count >= 30)
        for (name, results) in expected {
            let bytes = try referenceBytes("png/\(name).png")
            for (wanted, array) in results {
                let parts = wanted.split(separator: "_")
                // TensorFlow's opacity of shallow samples is 2^bits - 1 of 255; here an opaque pixel has 255.
                if parts[0] == "4" && Self.isShallow(name) { continue }
                let image = try PNG.decode(bytes, channels: Int(parts[0]), narrowsTo8Bits: parts[1] == "uint8")
                #expect([image.height, image.width, image.channels] == array.shape)
                switch image.samples {
                case .uint8(let values): #expect(values == array.bytes, "\(name) \(wanted)")
                case .uint16(let values): #expect(values == array.words, "\(name) \(wanted)")
                }
            }
        }
    }

    static func isShallow(_ name: String) -> Bool {
        ["_1", "_2", "_4"].contains { name.replacingOccurrences(of: "_interlaced", with: "").hasSuffix($0) }
    }

    @Test(
        "Gives the file's own channels unless asked",
        arguments: [
            ("type0_16", 1, 16), ("type2_8", 3, 8), ("type3_4", 3, 8), ("type4_8", 1, 8), ("type6_16", 4, 16),
            ("palette_key", 4, 8), ("text", 1, 8), ("type3_1", 3, 8),
        ])
    func channels(name: String, channels: Int, bits: Int) throws {
        let image = try PNG.decode(referenceBytes("png/\(name).png"))
        #expect(image.channels == channels && image.bitsPerSample == bits)
    }

    @Test("Reads what it wrote", arguments: [1, 3, 4], [256, 65521])
    func roundTrip(channels: Int, top: Int) throws {
        for (height, width) in [(1, 1), (1, 50), (50, 1), (33, 17), (64, 64)] {
            let image = patternImage(height, width, channels, top: top)
            for level in [1, 6, 12] {
                #expect(try PNG.decode(Bytes(PNG.encode(image, level: level))) == image)
            }
            #expect(PNG.encode(image) == PNG.encode(image))
        }
    }

    @Test("Refuses a size over the limit before taking memory") func limits() throws {
        var bytes = PNG.encode(patternImage(4, 4, 1, top: 256))
        let small = ImageLimits(maximumSide: 3)
        #expect(throws: ImageError.self) { try PNG.decode(Bytes(bytes), limits: small) }
        // A header that promises 60000 × 60000 pixels, its checksum made right.
        bytes.replaceSubrange(16..<24, with: [0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60])
        bytes.replaceSubrange(29..<33, with: crc(bytes[12..<29]))
        let error = #expect(throws: ImageError.self) { try PNG.decode(Bytes(bytes)) }
        #expect(error?.code == .tooLarge)
        let generous = ImageLimits(maximumPixels: 1 << 40)
        #expect(throws: ImageError.self) { try PNG.decode(Bytes(bytes), limits: generous) }
    }

    @Test("Refuses files that end early") func truncated() throws {
        let bytes = PNG.encode(patternImage(20, 20, 3, top: 256))
        for count in stride(from: 0, to: bytes.count - 30, by: 7) {
            #expect(throws: ImageError.self) { try PNG.decode(Bytes(bytes[..<count])) }
        }
    }

    @Test("Survives any damage") func mutations() throws {
        let originals = try Self.expected.get().keys.sorted().map { try referenceBytes("png/\($0).png").array }
        var random = SeededGenerator(seed: 9)
        let limits = ImageLimits(maximumPixels: 1 << 20)
        for round in 0..<6000 {
            var bytes = mutated(originals[round % originals.count], &random)
            if round % 2 == 0 { repairChecksums(&bytes) }
            _ = try? PNG.decode(Bytes(bytes), channels: [nil, 1, 3, 4][round % 4], limits: limits)
        }
    }

    /// Makes the chunks' checksums right again, so that damage gets past them.
    func repairChecksums(_ bytes: inout [UInt8]) {
        var position = 8
        while position + 12 <= bytes.count {
            let length = bytes[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
            guard position + 12 + length <= bytes.count else { return }
            let end = position + 8 + length
            bytes.replaceSubrange(end..<(end + 4), with: crc(bytes[(position + 4)..<end]))
            position = end + 4
        }
    }

    func crc(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var value: UInt32 = ~0
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? (value >> 1) ^ 0xedb8_8320 : value >> 1 }
        }
        return withUnsafeBytes(of: (~value).bigEndian, Array.init)
    }
}
