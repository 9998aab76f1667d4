extension Graph {
    /// The same graph with every operation behind those that it takes from, and nothing that no result needs.
    ///
    /// - Throws: ``SavedModelError`` for a graph that runs in a circle.
    func sorted(place: String) throws -> Graph {
        var order: [Int] = []
        /// 0 not seen, 1 open, 2 placed
        var state = [UInt8](repeating: 0, count: nodes.count)
        for root in arguments + results.map(\.node) where state[root] == 0 {
            // Each entry: an operation and how many of its inputs were looked at.
            var stack = [(node: root, next: 0)]
            state[root] = 1
            while let (node, next) = stack.last {
                guard next < nodes[node].inputs.count else {
                    state[node] = 2
                    order.append(node)
                    stack.removeLast()
                    continue
                }
                stack[stack.count - 1].next += 1
                let input = nodes[node].inputs[next].node
                if state[input] == 1 {
                    throw SavedModelError.malformed(place, "The graph runs in a circle without a loop.")
                }
                guard state[input] == 0 else { continue }
                state[input] = 1
                stack.append((input, 0))
            }
        }
        var places = [Int](repeating: -1, count: nodes.count)
        for (place, node) in order.enumerated() { places[node] = place }
        func moved(_ reference: Reference) -> Reference {
            Reference(node: places[reference.node], output: reference.output)
        }
        var sorted = Graph()
        sorted.nodes = order.map { nodes[$0] }
        for index in sorted.nodes.indices { sorted.nodes[index].inputs = sorted.nodes[index].inputs.map(moved) }
        sorted.arguments = arguments.map { places[$0] }
        sorted.results = results.map(moved)
        return sorted
    }
}
