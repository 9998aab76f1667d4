extension NetworkWeights {
    /// A backbone's weights and those of a head that was trained behind its features, as the weights of both
    /// together: the head's layers from `head`, every other from here.
    ///
    /// Layers that `graph` lacks are left out, such as the classifier that stood in the backbone's file; one with
    /// the name of a head's layer gives way to it.
    ///
    /// - Parameter graph: `network.graph(head:)`.
    /// - Throws: ``WeightError``, naming every layer that is missing or misshapen.
    public func joined(withHead head: NetworkWeights, for graph: Graph) throws -> NetworkWeights {
        let all = layers.merging(head.layers) { _, trained in trained }
        let known = Set(graph.layers.lazy.filter { !$0.weights.isEmpty }.map(\.name))
        let joined = NetworkWeights(all.filter { known.contains($0.key) })
        try joined.check(against: graph)
        return joined
    }
}
