import LightboxCore
import Testing
import WireFormats

@Suite("CRC-32C") struct CRC32CTests {
    @Test("Equals the vectors of RFC 3720 B.4") func knownVectors() {
        func crc(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { CRC32C.of($0) } }
        #expect(crc(Array(repeating: 0, count: 32)) == 0x8a91_36aa)
        #expect(crc(Array(repeating: 0xff, count: 32)) == 0x62a8_ab43)
        #expect(crc(Array(0..<32)) == 0x46dd_794e)
        #expect(crc(Array((0..<32).reversed())) == 0x113f_db5c)
        #expect(crc(Array("123456789".utf8)) == 0xe306_9283)
        #expect(crc([]) == 0)
    }

    @Test("Does not depend on how the bytes are cut") func pieces() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            let bytes = (0..<Int.random(in: 0...100, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let cut = Int.random(in: 0...bytes.count, using: &random)
            var crc = CRC32C()
            bytes[..<cut].withUnsafeBytes { crc.update($0) }
            bytes[cut...].withUnsafeBytes { crc.update($0) }
            #expect(crc.value == bytes.withUnsafeBytes { CRC32C.of($0) })
        }
    }
}
