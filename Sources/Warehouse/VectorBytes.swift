/// A vector where it lies: little-endian Float32 in a BLOB, at any address.
struct VectorBytes {
    let base: UnsafeRawPointer?
    /// Numbers, not bytes.
    let count: Int

    /// - Parameter bytes: a multiple of four; a rest is left out.
    init(_ base: UnsafeRawPointer?, _ bytes: Int) {
        self.base = base
        count = base == nil ? 0 : bytes / 4
    }

    subscript(_ index: Int) -> Float { base!.loadUnaligned(fromByteOffset: index * 4, as: Float.self) }

    var floats: [Float] {
        guard let base, count > 0 else { return [] }
        return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
            UnsafeMutableRawPointer(buffer.baseAddress!).copyMemory(from: base, byteCount: count * 4)
            filled = count
        }
    }

    /// Sums of `map` over both vectors' numbers, eight lanes at a time; each run of 1,024 is added up in Float and
    /// the runs in Double, so that long vectors lose no more than short ones.
    @inline(__always)
    private static func sum<Sums: VectorSums>(_ a: VectorBytes, _ b: VectorBytes, _: Sums.Type) -> Sums.Result {
        var total = Sums.zero
        guard let left = a.base, let right = b.base else { return total }
        let whole = a.count / 8 * 8
        var start = 0
        while start < whole {
            let end = min(whole, start + 1024)
            var sums = Sums()
            var index = start
            while index < end {
                sums.add(
                    left.loadUnaligned(fromByteOffset: index * 4, as: SIMD8<Float>.self),
                    right.loadUnaligned(fromByteOffset: index * 4, as: SIMD8<Float>.self))
                index += 8
            }
            sums.finish(into: &total)
            start = end
        }
        var rest = Sums()
        for index in whole..<a.count {
            var x = SIMD8<Float>.zero
            var y = SIMD8<Float>.zero
            (x[0], y[0]) = (a[index], b[index])
            rest.add(x, y)
        }
        rest.finish(into: &total)
        return total
    }

    /// - Precondition of these three: both have as many numbers.
    static func dot(_ a: VectorBytes, _ b: VectorBytes) -> Double { sum(a, b, DotSum.self) }

    static func squaredDistance(_ a: VectorBytes, _ b: VectorBytes) -> Double { sum(a, b, DistanceSum.self) }

    /// The cosine of the angle between the two, −1...1; nil when one of them has length zero.
    static func cosine(_ a: VectorBytes, _ b: VectorBytes) -> Double? {
        let sums = sum(a, b, CosineSums.self)
        let lengths = (sums.y * sums.z).squareRoot()
        guard lengths > 0 else { return nil }
        return min(1, max(-1, sums.x / lengths))
    }
}

private protocol VectorSums {
    associatedtype Result
    static var zero: Result { get }
    init()
    mutating func add(_ a: SIMD8<Float>, _ b: SIMD8<Float>)
    func finish(into total: inout Result)
}

private struct DotSum: VectorSums {
    static let zero = 0.0
    var sum = SIMD8<Float>.zero

    @inline(__always) mutating func add(_ a: SIMD8<Float>, _ b: SIMD8<Float>) { sum += a * b }
    func finish(into total: inout Double) { total += Double(sum.sum()) }
}

private struct DistanceSum: VectorSums {
    static let zero = 0.0
    var sum = SIMD8<Float>.zero

    @inline(__always) mutating func add(_ a: SIMD8<Float>, _ b: SIMD8<Float>) {
        let difference = a - b
        sum += difference * difference
    }
    func finish(into total: inout Double) { total += Double(sum.sum()) }
}

/// a·b, a·a and b·b in one pass.
private struct CosineSums: VectorSums {
    static let zero = SIMD3<Double>.zero
    var ab = SIMD8<Float>.zero
    var aa = SIMD8<Float>.zero
    var bb = SIMD8<Float>.zero

    @inline(__always) mutating func add(_ a: SIMD8<Float>, _ b: SIMD8<Float>) {
        ab += a * b
        aa += a * a
        bb += b * b
    }
    func finish(into total: inout SIMD3<Double>) {
        total += SIMD3(Double(ab.sum()), Double(aa.sum()), Double(bb.sum()))
    }
}
