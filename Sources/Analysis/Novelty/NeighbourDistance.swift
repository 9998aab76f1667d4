import Dispatch
import Synchronization

/// The distance to the k-th nearest of some rows (Sun et al. 2022, arXiv:2204.06507).
struct NeighbourDistance: Sendable, Hashable {
    let rows: FeatureMatrix
    /// The k-th nearest counts.
    let rank: Int

    /// - Parameter outside: the square of what the vector has beside these coordinates.
    func distance(_ vector: [Float], outside: Float = 0) -> Double {
        var squares = [Float](repeating: 0, count: rows.rows)
        FixedOrder.squaredDistances(rows, vector, into: &squares)
        return (Double(kth(squares)) + Double(outside)).squareRoot()
    }

    /// The distance of each row to those outside its group.
    ///
    /// - Parameters:
    ///   - groups: the rows of each.
    ///   - outside: of each row, as in ``distance(_:outside:)``.
    func distancesLeavingOut(
        _ groups: [[Int]], outside: [Float], completed: (@Sendable (Int) -> Void)? = nil
    ) -> [Double] {
        let found = Mutex((distances: [Double](repeating: 0, count: rows.rows), done: 0))
        DispatchQueue.concurrentPerform(iterations: groups.count) { number in
            let group = groups[number]
            var squares = [Float](repeating: 0, count: rows.rows)
            for row in group {
                FixedOrder.squaredDistances(rows, Array(rows[row]), into: &squares)
                for other in group { squares[other] = .infinity }
                let distance = (Double(kth(squares)) + Double(outside[row])).squareRoot()
                found.withLock { $0.distances[row] = distance }
            }
            let done = found.withLock {
                $0.done += group.count
                return $0.done
            }
            if number % 64 == 0 { completed?(done) }
        }
        return found.withLock { $0.distances }
    }

    private func kth(_ squares: [Float]) -> Float {
        var nearest = BoundedHeap(capacity: rank)
        for (index, square) in squares.enumerated() where square.isFinite { nearest.add(square, Int32(index)) }
        return nearest.items.first?.key ?? 0
    }
}
