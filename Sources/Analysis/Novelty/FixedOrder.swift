/// Sums of products in one order, whatever the machine and the number of its threads: what a record of an answer keeps can be
/// computed again to the last bit.
enum FixedOrder {
    private typealias Lanes = SIMD8<Float>

    static func product(_ a: [Float], _ b: [Float]) -> Float {
        precondition(a.count == b.count)
        return a.withUnsafeBytes { a in
            b.withUnsafeBytes { b in
                sum(a.baseAddress, b.baseAddress, a.count / 4) {
                    $0 * $1
                } single: {
                    $0 * $1
                }
            }
        }
    }

    /// The product of each row with a vector.
    static func products(_ matrix: FeatureMatrix, _ vector: [Float], into result: inout [Float]) {
        precondition(vector.count == matrix.columns && result.count >= matrix.rows)
        matrix.values.withUnsafeBytes { values in
            vector.withUnsafeBytes { vector in
                for row in 0..<matrix.rows {
                    result[row] = sum(
                        values.baseAddress.map { $0 + 4 * row * matrix.columns }, vector.baseAddress,
                        matrix.columns
                    ) {
                        $0 * $1
                    } single: {
                        $0 * $1
                    }
                }
            }
        }
    }

    /// The square of the distance from a vector to each row.
    static func squaredDistances(_ matrix: FeatureMatrix, _ vector: [Float], into result: inout [Float]) {
        precondition(vector.count == matrix.columns && result.count >= matrix.rows)
        matrix.values.withUnsafeBytes { values in
            vector.withUnsafeBytes { vector in
                for row in 0..<matrix.rows {
                    result[row] = sum(
                        values.baseAddress.map { $0 + 4 * row * matrix.columns }, vector.baseAddress,
                        matrix.columns
                    ) {
                        let difference = $0 - $1
                        return difference * difference
                    } single: {
                        ($0 - $1) * ($0 - $1)
                    }
                }
            }
        }
    }

    /// Thirty-two terms side by side.
    @inline(__always)
    private static func sum(
        _ a: UnsafeRawPointer?, _ b: UnsafeRawPointer?, _ count: Int, _ term: (Lanes, Lanes) -> Lanes,
        single: (Float, Float) -> Float
    ) -> Float {
        guard let a, let b else { return 0 }
        var sums = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        var index = 0
        @inline(__always) func lanes(_ base: UnsafeRawPointer, _ offset: Int) -> Lanes {
            base.loadUnaligned(fromByteOffset: 4 * (index + offset), as: Lanes.self)
        }
        while index < count & ~31 {
            sums.0 += term(lanes(a, 0), lanes(b, 0))
            sums.1 += term(lanes(a, 8), lanes(b, 8))
            sums.2 += term(lanes(a, 16), lanes(b, 16))
            sums.3 += term(lanes(a, 24), lanes(b, 24))
            index += 32
        }
        var total = ((sums.0 + sums.1) + (sums.2 + sums.3)).sum()
        while index < count {
            total += single(
                a.loadUnaligned(fromByteOffset: 4 * index, as: Float.self),
                b.loadUnaligned(fromByteOffset: 4 * index, as: Float.self))
            index += 1
        }
        return total
    }
}
