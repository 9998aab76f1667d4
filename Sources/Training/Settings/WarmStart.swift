import LightboxCore
public import Networks

/// What became of weights that training starts from.
public struct WarmStart: Sendable, Codable, Hashable {
    /// Layers whose arrays were taken over.
    public var taken: [String] = []
    /// Layers of the graph that the weights lack, or have in another shape: these start afresh. A new head.
    public var fresh: [String] = []
    /// Layers of the weights that the graph lacks.
    public var unused: [String] = []

    /// Fills a graph's weights from others where layer and shapes agree, and by the initialisers elsewhere.
    ///
    /// - Parameters:
    ///   - weights: from anywhere; nil starts wholly afresh.
    ///   - seed: of the initialisers.
    /// - Throws: ``TrainingError`` when not one layer agrees, which is another network's file.
    public static func weights(
        from weights: NetworkWeights?, for graph: Graph, seed: UInt64
    ) throws -> (weights: NetworkWeights, report: WarmStart?) {
        var result = NetworkWeights.initial(for: graph, seed: seed)
        guard let weights else { return (result, nil) }
        var report = WarmStart()
        for layer in graph.layersWithWeights {
            if let arrays = weights.layers[layer.name], arrays.map(\.shape) == layer.weights.map(\.shape) {
                result.layers[layer.name] = arrays
                report.taken.append(layer.name)
            } else {
                report.fresh.append(layer.name)
            }
        }
        let known = Set(report.taken + report.fresh)
        report.unused = weights.layers.keys.filter { !known.contains($0) }.sorted()
        guard !report.taken.isEmpty else {
            throw TrainingError(
                .badSetting, "--weights", "no layer of \(graph.name) is in these weights",
                remedy: "Use weights of \(graph.name), or none.")
        }
        return (result, report)
    }
}

extension WarmStart: CustomStringConvertible {
    /// "took over 120 layers; afresh: predictions".
    public var description: String {
        var text = "took over \(taken.count) layer\(taken.count == 1 ? "" : "s")"
        if !fresh.isEmpty { text += "; afresh: " + Self.short(fresh) }
        if !unused.isEmpty { text += "; not used: " + Self.short(unused) }
        return text
    }

    private static func short(_ names: [String]) -> String {
        names.prefix(4).joined(separator: ", ") + (names.count > 4 ? " and \(names.count - 4) more" : "")
    }
}
