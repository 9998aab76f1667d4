import Foundation
import LightboxCore
import TestSupport

/// An array of `Tests/Reference/imaging`: base64 of little-endian values, with its shape.
struct StoredArray: Decodable {
    let shape: [Int]
    let values: String

    var bytes: [UInt8] { [UInt8](Data(base64Encoded: values)!) }
    var words: [UInt16] {
        stride(from: 0, to: bytes.count, by: 2).map { [bytes] in UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
    }
    var floats: [Float] {
        bytes.withUnsafeBytes { raw in
            (0..<(raw.count / 4)).map {
                Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
            }
        }
    }
}

func storedReference<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: reference("imaging/" + name))))
}

/// The picture that `make_references.py` makes by the same formula.
func patternImage(_ height: Int, _ width: Int, _ channels: Int, top: Int) -> Image {
    var values: [Int] = []
    for y in 0..<height {
        for x in 0..<width {
            for c in 0..<channels { values.append((x * 37 + y * 101 + c * 53 + x * y * 7 + x * x * y) % top) }
        }
    }
    let samples: Image.Samples = top == 256 ? .uint8(values.map { UInt8($0) }) : .uint16(values.map { UInt16($0) })
    return Image(width: width, height: height, channels: channels, samples: samples)
}

func referenceBytes(_ name: String) throws -> Bytes { Bytes(try MappedFile(path: reference("imaging/" + name))) }

func largestDifference(_ left: [Float], _ right: [Float]) -> Float {
    left.count == right.count ? zip(left, right).map { abs($0 - $1) }.max() ?? 0 : .infinity
}

/// The bytes with a few changed, removed or cut off.
func mutated(_ original: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = original
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, place + Int.random(in: 1...20, using: &random))
        switch Int.random(in: 0...4, using: &random) {
        case 0: bytes[place] = .random(in: 0...255, using: &random)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
        default: bytes.removeSubrange(place...)
        }
    }
    return bytes
}
