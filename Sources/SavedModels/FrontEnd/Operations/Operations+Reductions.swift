extension Operations {
    static let reductions: [String: Compute] = [
        "Sum": { try reduced($0, from: 0) { $0 + $1 } },
        "Mean": { try reduced($0, from: 0, isMean: true) { $0 + $1 } },
        "Prod": { try reduced($0, from: 1) { $0 * $1 } },
        "Max": { try reduced($0, from: -.infinity) { max($0, $1) } },
        "Min": { try reduced($0, from: .infinity) { min($0, $1) } },
        "All": { try reduced($0, from: 1) { $0 != 0 && $1 != 0 ? 1 : 0 } },
        "Any": { try reduced($0, from: 0) { $0 != 0 || $1 != 0 ? 1 : 0 } },
        "MatMul": matrixProduct,
    ]

    /// Small ones, as in turning colours to grey: a network's belong behind the cut.
    private static func matrixProduct(_ call: Call) throws -> [GraphValue] {
        let (left, right) = (try call.tensor(0), try call.tensor(1))
        let (a, b) = (try call.floats(0), try call.floats(1))
        guard left.shape.count == 2, right.shape.count == 2, left.shape[1] == right.shape[0],
            try !call.flag("transpose_a"), try !call.flag("transpose_b")
        else { throw call.unsupported("Its matrices are not of a form that is multiplied here.") }
        let (rows, columns, inner) = (left.shape[0], right.shape[1], left.shape[1])
        guard columns <= 64, inner <= 64 else { throw call.unsupported() }
        try call.check([rows, columns], .float)
        var product = [Float](repeating: 0, count: rows * columns)
        for row in 0..<rows {
            for column in 0..<columns {
                for index in 0..<inner {
                    product[row * columns + column] += a[row * inner + index] * b[index * columns + column]
                }
            }
        }
        return GraphValue.one([rows, columns], .float32(product))
    }

    /// Summed in 64-bit floats, whatever the type: nearer to the truth than TensorFlow's own order.
    @inline(__always)
    private static func reduced(
        _ call: Call, from start: Double, isMean: Bool = false, _ body: (Double, Double) -> Double
    ) throws -> [GraphValue] {
        let tensor = try call.tensor(0)
        let values = try Numbers.double(call, 0)
        let named = try call.ints(1).map { try call.axis($0, rank: tensor.shape.count) }
        let axes = Set(tensor.shape.isEmpty ? [] : named)
        let kept = tensor.shape.indices.map { axes.contains($0) ? 1 : tensor.shape[$0] }
        let places = Broadcast.places(kept, in: tensor.shape)
        var results = [Double](repeating: start, count: kept.reduce(1, *))
        for (place, value) in zip(places, values) { results[place] = body(results[place], value) }
        if isMean {
            let share = Double(axes.reduce(1) { $0 * tensor.shape[$1] })
            results = results.map { $0 / share }
        }
        let keeps = try call.flag("keep_dims")
        let shape = keeps ? kept : tensor.shape.indices.filter { !axes.contains($0) }.map { tensor.shape[$0] }
        let inner = call.with([.tensor(GraphTensor(shape: shape, .float64(results)))])
        return [.tensor(try Numbers.cast(inner, 0, to: tensor.type))]
    }
}
