import LightboxCore

/// Where nothing is: far outside of any file, and far from overflow.
let undefinedAddress = 1 << 60

/// A file's bytes behind checked reads of little-endian numbers.
struct HDF5Bytes: Sendable {
    let bytes: Bytes

    var count: Int { bytes.count }

    /// An unsigned number of 1, 2 or 4 bytes.
    func number(_ position: Int, _ width: Int) throws -> Int {
        guard position >= 0, width <= 4, position <= count - width else { throw outside }
        var value = 0
        for index in (0..<width).reversed() { value = value << 8 | Int(bytes[position + index]) }
        return value
    }

    /// A size or an address: 8 bytes, all ones for none.
    func size(_ position: Int) throws -> Int {
        let (low, high) = (try number(position, 4), try number(position + 4, 4))
        if low == 0xffff_ffff, high == 0xffff_ffff { return undefinedAddress }
        guard high < 0x0100_0000 else { throw outside }
        return high << 32 | low
    }

    func slice(_ position: Int, _ length: Int) throws -> HDF5Bytes {
        guard position >= 0, length >= 0, position <= count, length <= count - position else { throw outside }
        return HDF5Bytes(bytes: bytes[position..<position + length])
    }

    /// Whether four letters stand there.
    func expect(_ signature: String, at position: Int) throws {
        for (index, letter) in signature.utf8.enumerated() {
            guard try number(position + index, 1) == Int(letter) else {
                throw HDF5Error.damaged("\(signature) is not where it should be")
            }
        }
    }

    /// A text that ends at a zero byte or with these bytes.
    func text() -> String {
        bytes.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private var outside: HDF5Error { .damaged("an address lies outside of the file") }
}
