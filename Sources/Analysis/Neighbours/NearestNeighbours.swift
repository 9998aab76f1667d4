import Foundation
public import LightboxCore
import Synchronization

/// The nearest other rows of each row of a matrix by Euclidean distance, found exactly.
public struct NearestNeighbours: Sendable {
    /// Neighbours of each row.
    public let count: Int
    /// `rows` × `count` numbers of rows, the nearest first.
    public let indices: [Int32]
    /// Distances to them.
    public let distances: [Float]

    /// - Parameter count: below the number of rows.
    public init(of matrix: FeatureMatrix, count: Int, progress: ProgressHandler? = nil) throws {
        guard count > 0 && count < matrix.rows else {
            throw AnalysisError(
                .badInput, "neighbours", "\(matrix.rows) rows have no \(count) neighbours each. Ask for fewer.")
        }
        try matrix.checkFinite()
        let algebra = try LinearAlgebra()
        self.count = count
        let (rows, length) = (matrix.rows, matrix.columns)
        let squares = (0..<rows).map { row in matrix[row].reduce(Float(0)) { $0 + $1 * $1 } }
        var indices = [Int32](repeating: 0, count: rows * count)
        var distances = [Float](repeating: 0, count: rows * count)
        // As many rows as fill 64 MB with their products.
        let size = max(1, min(1024, (1 << 24) / rows))
        var products = [Float](repeating: 0, count: size * rows)
        for first in stride(from: 0, to: rows, by: size) {
            let block = min(size, rows - first)
            matrix.values.withUnsafeBufferPointer { values in
                algebra.products(
                    values.baseAddress! + first * length, block, values.baseAddress!, rows, length: length,
                    into: &products)
            }
            indices.withUnsafeMutableBufferPointer { indices in
                distances.withUnsafeMutableBufferPointer { distances in
                    let found = Found(
                        indices: UnsafeMutableBufferPointer(rebasing: indices[(first * count)...]),
                        distances: UnsafeMutableBufferPointer(rebasing: distances[(first * count)...]))
                    found.fill(from: products, squares, matrix, first: first, block: block, count: count)
                }
            }
            progress?(ProgressUpdate(stage: "neighbours", completed: first + block, total: rows))
        }
        self.indices = indices
        self.distances = distances
    }
}

/// Where the neighbours of a block of rows are written; each row's by one thread.
private struct Found: @unchecked Sendable {
    // Unchecked: every row has its own part.
    let indices: UnsafeMutableBufferPointer<Int32>
    let distances: UnsafeMutableBufferPointer<Float>

    func fill(
        from products: [Float], _ squares: [Float], _ matrix: FeatureMatrix, first: Int, block: Int, count: Int
    ) {
        let rows = matrix.rows
        DispatchQueue.concurrentPerform(iterations: block) { row in
            let own = first + row
            var nearest = BoundedHeap(capacity: count)
            products.withUnsafeBufferPointer { products in
                squares.withUnsafeBufferPointer { squares in
                    for other in 0..<rows where other != own {
                        nearest.add(squares[other] - 2 * products[row * rows + other], Int32(other))
                    }
                }
            }
            // The products lose digits where rows are close; of the few that are kept, distances are computed anew.
            let exact = nearest.items.map { item in
                var sum = 0.0
                for (a, b) in zip(matrix[own], matrix[Int(item.index)]) { sum += Double(a - b) * Double(a - b) }
                return (distance: Float(sum.squareRoot()), index: item.index)
            }.sorted { ($0.distance, $0.index) < ($1.distance, $1.index) }
            for (place, item) in exact.enumerated() {
                indices[row * count + place] = item.index
                distances[row * count + place] = item.distance
            }
        }
    }
}

/// The smallest keys of many, in a heap with the largest of them on top.
struct BoundedHeap {
    private(set) var items: [(key: Float, index: Int32)] = []
    private let capacity: Int

    init(capacity: Int) {
        self.capacity = capacity
        items.reserveCapacity(capacity)
    }

    @inline(__always)
    mutating func add(_ key: Float, _ index: Int32) {
        if items.count < capacity {
            items.append((key, index))
            rise(from: items.count - 1)
        } else if key < items[0].key {
            items[0] = (key, index)
            sink()
        }
    }

    private mutating func rise(from start: Int) {
        var place = start
        while place > 0, items[(place - 1) / 2].key < items[place].key {
            items.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink() {
        var place = 0
        while true {
            var largest = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < items.count && items[child].key > items[largest].key {
                largest = child
            }
            guard largest != place else { return }
            items.swapAt(place, largest)
            place = largest
        }
    }
}
