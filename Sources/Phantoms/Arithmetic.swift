// Only additions, multiplications, divisions and square roots, which IEEE 754 rounds alike everywhere: the C
// library's exp and log differ in the last bit from one release to the next, and pictures are compared by hash.

typealias Lanes = SIMD8<Float>

/// e to the power of `x`, for -80...80, to 2 units in the last place of a Float.
@inline(__always)
func exponential(_ x: Lanes) -> Lanes {
    let rounder: Float = 12_582_912  // 1.5 × 2^23: adding it rounds to a whole number
    let shifted = x * 1.442_695_04 + rounder
    let whole = shifted - rounder
    let rest = (x - whole * 0.693_359_375) + whole * 2.121_944_4e-4
    var sum = Lanes(repeating: 1.987_569_15e-4) * rest + 1.398_199_95e-3
    sum = sum * rest + 8.333_451_9e-3
    sum = sum * rest + 4.166_579_6e-2
    sum = sum * rest + 0.166_666_65
    sum = sum * rest + 0.5
    sum = sum * rest * rest + rest + 1
    let bits = (SIMD8<Int32>(truncatingIfNeeded: unsafeBitCast(shifted, to: SIMD8<Int32>.self)) &+ 127) &<< 23
    return sum * unsafeBitCast(bits, to: Lanes.self)
}

/// The natural logarithm of positive, normal `x`, to 1e-6.
@inline(__always)
func logarithm(_ x: Lanes) -> Lanes {
    // x = m · 2^e with m in 0.707...1.414, and log m = 2 artanh((m - 1) / (m + 1)).
    let bits = unsafeBitCast(x, to: SIMD8<Int32>.self) &- 0x3f35_04f3
    let exponent = bits &>> 23
    let mantissaBits = (bits & 0x007f_ffff) &+ 0x3f35_04f3
    let mantissa = unsafeBitCast(mantissaBits, to: Lanes.self)
    let t = (mantissa - 1) / (mantissa + 1)
    let square = t * t
    var sum = Lanes(repeating: 1 / 9) * square + 1 / 7
    sum = sum * square + 0.2
    sum = sum * square + 1 / 3
    sum = sum * square + 1
    return Lanes(exponent) * 0.693_147_18 + 2 * t * sum
}

/// 0 below `low`, 1 above `high`, with a smooth rise between.
@inline(__always)
func smoothStep(_ low: Float, _ high: Float, _ x: Float) -> Float {
    let t = clamped((x - low) / (high - low))
    return t * t * (3 - 2 * t)
}

/// `x` brought into 0...1.
@inline(__always)
func clamped(_ x: Float) -> Float { x < 0 ? 0 : (x > 1 ? 1 : x) }

@inline(__always)
func positive(_ x: Float) -> Float { x > 0 ? x : 0 }
