/// A symmetric graph of weights between rows, as lists of edges behind one another.
struct NeighbourGraph: Sendable {
    /// Row `i`'s edges are those at `starts[i]..<starts[i + 1]`.
    let starts: [Int]
    let targets: [Int32]
    var weights: [Double]

    var rows: Int { starts.count - 1 }

    /// The edges of directed weights and of their transpose, each pair joined by `union`.
    ///
    /// - Parameters:
    ///   - weights: from each row to its neighbours, in their order.
    ///   - union: of a weight and the one of the other direction, 0 where there is none; symmetric.
    init(_ neighbours: NearestNeighbours, weights: [Double], union: (Double, Double) -> Double) {
        struct Edge {
            let place: UInt64
            let there: Double
            let back: Double
        }
        let rows = weights.count / neighbours.count
        var edges: [Edge] = []
        edges.reserveCapacity(2 * weights.count)
        for (index, weight) in weights.enumerated() where weight > 0 {
            let (from, to) = (UInt64(index / neighbours.count), UInt64(neighbours.indices[index]))
            edges.append(Edge(place: from << 32 | to, there: weight, back: 0))
            edges.append(Edge(place: to << 32 | from, there: 0, back: weight))
        }
        edges.sort { $0.place < $1.place }
        var starts = [0]
        var targets: [Int32] = []
        var joined: [Double] = []
        var index = 0
        for row in 0..<rows {
            while index < edges.count, edges[index].place >> 32 == UInt64(row) {
                let edge = edges[index]
                var (there, back) = (edge.there, edge.back)
                index += 1
                if index < edges.count, edges[index].place == edge.place {
                    there += edges[index].there
                    back += edges[index].back
                    index += 1
                }
                targets.append(Int32(truncatingIfNeeded: edge.place & 0xffff_ffff))
                joined.append(union(there, back))
            }
            starts.append(targets.count)
        }
        self.starts = starts
        self.targets = targets
        self.weights = joined
    }
}
