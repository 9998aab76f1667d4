/// FarmHash Fingerprint64, which people split data sets by: `MOD(ABS(FARM_FINGERPRINT(path)), 10)`.
///
/// github.com/google/farmhash, `farmhashna::Hash64`. The number of a text never changes.
package enum Fingerprint64 {
    private static let k0: UInt64 = 0xc3a5_c85c_97cb_3127
    private static let k1: UInt64 = 0xb492_b66f_be98_f273
    private static let k2: UInt64 = 0x9ae1_6a3b_2f90_404f

    package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let count = bytes.count
        switch count {
        case 0...16: return short(bytes)
        case 17...32:
            let (sum, mix, mul) = halves(bytes)
            return mixed(sum, mix, mul)
        case 33...64: return medium(bytes)
        default: return long(bytes)
        }
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    private static func half(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }

    private static func rotated(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value >> count | value << (64 - count)
    }
    private static func shifted(_ value: UInt64) -> UInt64 { value ^ (value >> 47) }

    private static func mixed(_ u: UInt64, _ v: UInt64, _ mul: UInt64) -> UInt64 {
        let a = shifted((u ^ v) &* mul)
        return shifted((v ^ a) &* mul) &* mul
    }

    private static func short(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let count = UInt64(bytes.count)
        let mul = k2 &+ count &* 2
        if count >= 8 {
            let a = word(bytes, 0) &+ k2
            let b = word(bytes, bytes.count - 8)
            return mixed(rotated(b, 37) &* mul &+ a, (rotated(a, 25) &+ b) &* mul, mul)
        }
        if count >= 4 { return mixed(count &+ half(bytes, 0) << 3, half(bytes, bytes.count - 4), mul) }
        guard count > 0 else { return k2 }
        let y = UInt64(bytes[0]) &+ UInt64(bytes[bytes.count / 2]) << 8
        let z = count &+ UInt64(bytes[bytes.count - 1]) << 2
        return shifted(y &* k2 ^ z &* k0) &* k2
    }

    private static func halves(_ bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64, UInt64) {
        let mul = k2 &+ UInt64(bytes.count) &* 2
        let a = word(bytes, 0) &* k1
        let b = word(bytes, 8)
        let c = word(bytes, bytes.count - 8) &* mul
        let d = word(bytes, bytes.count - 16) &* k2
        return (rotated(a &+ b, 43) &+ rotated(c, 30) &+ d, a &+ rotated(b &+ k2, 18) &+ c, mul)
    }

    private static func medium(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let count = bytes.count
        let mul = k2 &+ UInt64(count) &* 2
        let a = word(bytes, 0) &* k2
        let b = word(bytes, 8)
        let c = word(bytes, count - 8) &* mul
        let d = word(bytes, count - 16) &* k2
        let y = rotated(a &+ b, 43) &+ rotated(c, 30) &+ d
        let z = mixed(y, a &+ rotated(b &+ k2, 18) &+ c, mul)
        let e = word(bytes, 16) &* mul
        let f = word(bytes, 24)
        let g = (y &+ word(bytes, count - 32)) &* mul
        let h = (z &+ word(bytes, count - 24)) &* mul
        return mixed(rotated(e &+ f, 43) &+ rotated(g, 30) &+ h, e &+ rotated(f &+ a, 18) &+ g, mul)
    }

    private static func long(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let seed: UInt64 = 81
        var x = seed &* k2 &+ word(bytes, 0)
        var y = seed &* k1 &+ 113
        var z = shifted(y &* k2 &+ 113) &* k2
        var (v, w): ((UInt64, UInt64), (UInt64, UInt64)) = ((0, 0), (0, 0))
        let end = (bytes.count - 1) / 64 * 64
        let last = end + ((bytes.count - 1) & 63) - 63
        func round(_ s: Int, _ mul: UInt64, _ nine: UInt64) {
            x = rotated(x &+ y &+ v.0 &+ word(bytes, s + 8), 37) &* mul
            y = rotated(y &+ v.1 &+ word(bytes, s + 48), 42) &* mul
            x ^= w.1 &* nine
            y = y &+ v.0 &* nine &+ word(bytes, s + 40)
            z = rotated(z &+ w.0, 33) &* mul
            v = weak(bytes, s, v.1 &* mul, x &+ w.0)
            w = weak(bytes, s + 32, z &+ w.1, y &+ word(bytes, s + 16))
            swap(&z, &x)
        }
        for start in stride(from: 0, to: end, by: 64) { round(start, k1, 1) }
        let mul = k1 &+ (z & 0xff) << 1
        w.0 = w.0 &+ UInt64((bytes.count - 1) & 63)
        v.0 = v.0 &+ w.0
        w.0 = w.0 &+ v.0
        round(last, mul, 9)
        return mixed(mixed(v.0, w.0, mul) &+ shifted(y) &* k0 &+ z, mixed(v.1, w.1, mul) &+ x, mul)
    }

    private static func weak(
        _ bytes: UnsafeRawBufferPointer, _ s: Int, _ a: UInt64, _ b: UInt64
    ) -> (UInt64, UInt64) {
        let c = a &+ word(bytes, s)
        let d = rotated(b &+ c &+ word(bytes, s + 24), 21)
        let e = c &+ word(bytes, s + 8) &+ word(bytes, s + 16)
        return (e &+ word(bytes, s + 24), d &+ rotated(e, 44) &+ c)
    }
}
