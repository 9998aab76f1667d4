public import Networks

extension Graph {
    /// The graph without a last softmax or sigmoid, for losses that take logits; itself when it has none.
    ///
    /// Layers keep their names, so weights fit both.
    public func withoutLastActivation() throws -> Graph {
        guard case .activation(let activation) = layers[output].operation,
            [.softmax, .sigmoid].contains(activation)
        else { return self }
        return try withoutOutputLayer() ?? self
    }

    /// The graph up to what its last layer reads; nil when that is the image itself.
    package func withoutOutputLayer() throws -> Graph? {
        guard let last = layers[output].inputs.first, last > 0 else { return nil }
        return try Graph(name: name, input: inputShape) { image in
            var nodes = [image]
            for layer in layers[1...last] {
                let others = layer.inputs.dropFirst().map { nodes[$0] }
                nodes.append(nodes[layer.inputs[0]].layer(layer.operation, layer.name, with: others))
            }
            return nodes[last]
        }
    }

    /// Names of the layers with weights, in order.
    var layersWithWeights: [Layer] { layers.filter { !$0.weights.isEmpty } }
}

extension TrainableLayers {
    /// Names of the layers that learn.
    ///
    /// - Throws: ``TrainingError`` when the graph has no such layer.
    package func names(in graph: Graph) throws -> Set<String> {
        let weighted = graph.layersWithWeights
        let chosen: ArraySlice<Graph.Layer>
        switch self {
        case .all: chosen = weighted[...]
        case .head: chosen = weighted.suffix(while: \.isDense)
        case .last(let count): chosen = weighted.suffix(max(0, count))
        case .from(let name):
            guard let first = graph.layers.firstIndex(where: { $0.name == name }) else {
                throw TrainingError(
                    .badSetting, "--fine-tune", "\(graph.name) has no layer \"\(name)\"",
                    remedy: "See the layers with: lightbox networks \(graph.name).")
            }
            let later = Set(graph.layers[first...].map(\.name))
            chosen = weighted.filter { later.contains($0.name) }[...]
        }
        guard !chosen.isEmpty else {
            throw TrainingError(
                .badSetting, "--fine-tune", "no layer of \(graph.name) would learn",
                remedy: "Name an earlier layer, or train all of them.")
        }
        return Set(chosen.map(\.name))
    }
}

extension Graph.Layer {
    fileprivate var isDense: Bool {
        guard case .dense = operation else { return false }
        return true
    }
}

extension Array {
    /// The longest end of which every element passes.
    fileprivate func suffix(while passes: (Element) -> Bool) -> ArraySlice<Element> {
        guard let last = lastIndex(where: { !passes($0) }) else { return self[...] }
        return self[(last + 1)...]
    }
}
