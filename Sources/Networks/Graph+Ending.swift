extension Graph {
    /// The layers that lead to one of them, and what is built behind it.
    ///
    /// Layers keep their names, so that weights fit both graphs.
    ///
    /// - Parameters:
    ///   - last: index of the layer that the new end reads.
    ///   - build: from that layer's values to the output; the layer itself when nothing is built.
    /// - Throws: ``NetworkError`` when what is built does not fit.
    public func ending(at last: Int, build: (Node) -> Node = { $0 }) throws -> Graph {
        var isNeeded = Array(repeating: false, count: layers.count)
        isNeeded[last] = true
        for index in stride(from: last, through: 0, by: -1) where isNeeded[index] {
            for input in layers[index].inputs { isNeeded[input] = true }
        }
        return try Graph(name: name, input: inputShape) { image in
            var nodes: [Int: Node] = [0: image]
            for (index, layer) in layers.enumerated().dropFirst() where isNeeded[index] {
                let inputs = layer.inputs.compactMap { nodes[$0] }
                nodes[index] = inputs[0].layer(layer.operation, layer.name, with: Array(inputs.dropFirst()))
            }
            return build(nodes[last] ?? image)
        }
    }

    /// What the last layer does to its values; `linear` when it is another one.
    public var lastActivation: Activation {
        if case .activation(let activation) = layers[output].operation { activation } else { .linear }
    }

    /// A layer's name that is not taken.
    public func freeName(_ name: String) -> String {
        let taken = Set(layers.map(\.name))
        var (candidate, number) = (name, 1)
        while taken.contains(candidate) {
            candidate = "\(name)_\(number)"
            number += 1
        }
        return candidate
    }
}
