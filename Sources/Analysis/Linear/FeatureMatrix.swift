/// Vectors of equal length, row after row: a row a case, a column a feature.
public struct FeatureMatrix: Sendable, Hashable {
    public let rows: Int
    public let columns: Int
    /// `rows` × `columns` numbers.
    public var values: [Float]

    /// - Precondition: there are `rows` × `columns` values.
    public init(rows: Int, columns: Int, values: [Float]) {
        precondition(rows >= 0 && columns > 0 && values.count == rows * columns)
        self.rows = rows
        self.columns = columns
        self.values = values
    }

    init(rows: Int, columns: Int) {
        self.init(rows: rows, columns: columns, values: [Float](repeating: 0, count: rows * columns))
    }

    public subscript(row: Int) -> ArraySlice<Float> { values[(row * columns)..<((row + 1) * columns)] }

    public subscript(row: Int, column: Int) -> Float {
        get { values[row * columns + column] }
        set { values[row * columns + column] = newValue }
    }

    /// The rows of these numbers, in this order.
    public func rows(_ indices: some Collection<Int>) -> FeatureMatrix {
        var picked: [Float] = []
        picked.reserveCapacity(indices.count * columns)
        for index in indices { picked += self[index] }
        return FeatureMatrix(rows: indices.count, columns: columns, values: picked)
    }

    /// - Throws: ``AnalysisError`` for a number that is none.
    func checkFinite() throws {
        guard let place = values.firstIndex(where: { !$0.isFinite }) else { return }
        throw AnalysisError(
            .notANumber, "row \(place / columns + 1), column \(place % columns + 1)",
            "Leave that row out of the table, or make its vector anew.")
    }

    /// Of each column, in 64 bits.
    var means: [Double] {
        var sums = [Double](repeating: 0, count: columns)
        for row in 0..<rows {
            for column in 0..<columns { sums[column] += Double(values[row * columns + column]) }
        }
        return sums.map { $0 / Double(max(rows, 1)) }
    }

    /// Calls `body` with the rows in blocks, in 64 bits, less `mean`.
    ///
    /// - Parameter body: gets the number of the first row, how many they are, and their values.
    func inBlocks(
        of size: Int = 2048, less mean: [Double]? = nil,
        _ body: (_ first: Int, _ count: Int, _ block: UnsafeMutableBufferPointer<Double>) throws -> Void
    ) rethrows {
        let block = UnsafeMutableBufferPointer<Double>.allocate(capacity: min(size, max(rows, 1)) * columns)
        defer { block.deallocate() }
        let mean = mean ?? [Double](repeating: 0, count: columns)
        for first in stride(from: 0, to: rows, by: size) {
            let count = min(size, rows - first)
            values.withUnsafeBufferPointer { values in
                mean.withUnsafeBufferPointer { mean in
                    for row in 0..<count {
                        let (from, to) = ((first + row) * columns, row * columns)
                        for column in 0..<columns {
                            block[to + column] = Double(values[from + column]) - mean[column]
                        }
                    }
                }
            }
            try body(first, count, UnsafeMutableBufferPointer(rebasing: block[..<(count * columns)]))
        }
    }
}
