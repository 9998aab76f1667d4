import LightboxCore
import Networks

extension WholeModel {
    /// Makes the model give one value for each of so many labels, and scores of them by `activation`.
    ///
    /// Its last layer stays when the number fits. Otherwise a new one takes its place, or stands behind a model that
    /// has no classifier.
    ///
    /// - Returns: what there is to say of it.
    mutating func fit(classes: Int, activation: Activation) throws -> [String] {
        let values = valuesLayer
        let last = graph.lastActivation
        if graph.layers[values].shape == [classes], [.softmax, .sigmoid, .linear].contains(last) {
            guard last != activation else { return [] }
            graph = try graph.ending(with: activation, behind: values)
            return last == .linear
                ? [] : ["\(name) ends in \(last.rawValue), from now on in \(activation.rawValue)."]
        }
        let head = classifier(before: values)
        let found = graph.outputShape
        let behind = head.map { graph.layers[$0].inputs[0] } ?? values
        let name = head.map { graph.layers[$0].name } ?? graph.freeName("predictions")
        let activationName = graph.freeName(name + "_" + activation.rawValue)
        graph = try graph.ending(at: behind) { node in
            let vector = node.shape.count == 3 ? node.globalAverage(graph.freeName("avg_pool")) : node
            return vector.dense(name, classes).activation(activation, activationName)
        }
        frozen.remove(name)
        weights.layers[name] = nil
        let kept = Set(graph.layers.map(\.name))
        weights.layers = weights.layers.filter { kept.contains($0.key) }
        guard head != nil else {
            return ["\(self.name) has no classifier: a new layer \(name) with \(classes) scores begins at random."]
        }
        return [
            "\(self.name) gives \(Self.text(found)) scores and there are \(classes): its last layer \(name) is replaced by a new "
                + "one, which begins at random."
        ]
    }

    /// The layer whose values a last softmax or sigmoid turns into scores.
    private var valuesLayer: Int {
        let last = graph.layers[graph.output]
        return [.softmax, .sigmoid].contains(graph.lastActivation) ? last.inputs[0] : graph.output
    }

    /// The last layer with weights, when nothing but reshaping and dropout stands behind it; nil for a model that
    /// ends in features.
    private func classifier(before values: Int) -> Int? {
        var index = values
        while true {
            let layer = graph.layers[index]
            switch layer.operation {
            case .reshape, .flatten, .dropout: index = layer.inputs[0]
            case .dense: return index
            case .convolution where graph.layers[layer.inputs[0]].shape.prefix(2) == [1, 1]: return index
            default: return nil
            }
        }
    }
}
