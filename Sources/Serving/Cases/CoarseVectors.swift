import CProducts

/// Vectors of length 1 in 8 bits, with what each loses by that: bounds for their products at a quarter of the memory.
struct CoarseVectors: Sendable {
    private var values: [Int8] = []
    private var scales: [Float] = []
    /// The length of the difference of each vector from its copy.
    private var errors: [Float] = []

    mutating func reserve(_ count: Int, _ length: Int) {
        values.reserveCapacity(count * length)
        scales.reserveCapacity(count)
        errors.reserveCapacity(count)
    }

    mutating func append(_ vector: [Float]) {
        let coarse = CoarseQuery(vector[...])
        values += coarse.values
        scales.append(coarse.scale)
        errors.append(coarse.error)
    }

    /// The most that the product of each of some vectors with another may be: q·v ≤ q̂·v̂ + |q − q̂| |v̂| + |v − v̂|.
    ///
    /// - Parameter most: has room for them.
    func mostSimilarities(_ query: CoarseQuery, _ part: Range<Int>, into most: inout [Float]) {
        let length = query.values.count
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: part.count) { sums in
            guard let sum = sums.baseAddress else { return }
            values.withUnsafeBufferPointer { values in
                cproducts_of_rows(
                    values.baseAddress! + part.lowerBound * length, part.count, length, query.values, sum)
            }
            for (place, index) in part.enumerated() {
                let product = Float(sum[place]) * scales[index] * query.scale
                // The products in 32 bits are rounded, too.
                most[place] = product + query.error * (1 + errors[index]) + errors[index] + 1e-5
            }
        }
    }
}

/// One vector in 8 bits.
struct CoarseQuery: Sendable {
    let values: [Int8]
    /// What a step of 1 stands for.
    let scale: Float
    /// The length of the difference from the vector.
    let error: Float

    init(_ vector: ArraySlice<Float>) {
        let largest = vector.reduce(Float(0)) { max($0, abs($1)) }
        let scale = largest > 0 ? largest / 127 : 1
        var square = 0.0
        values = vector.map { number in
            let step = (number / scale).rounded()
            let difference = Double(number) - Double(step) * Double(scale)
            square += difference * difference
            return Int8(max(-127, min(127, step)))
        }
        self.scale = scale
        error = Float(square.squareRoot()) * 1.0001
    }
}
