import LightboxCore

/// The bytes with a few changed, removed, doubled or cut off: what parsers must survive.
func mutated(_ original: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = original
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, place + Int.random(in: 1...20, using: &random))
        switch Int.random(in: 0...6, using: &random) {
        case 0: bytes[place] = .random(in: 0...255, using: &random)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 2: bytes[place] = [0, 0x7f, 0x80, 0xff, 0x22, 0x5b, 0x0a][Int.random(in: 0...6, using: &random)]
        case 3: bytes.removeSubrange(place..<end)
        case 4: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 5: bytes.removeSubrange(place...)
        default: bytes.replaceSubrange(place..<end, with: repeatElement(0xff, count: end - place))
        }
    }
    return bytes
}
