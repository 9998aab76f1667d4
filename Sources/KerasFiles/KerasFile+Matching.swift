import LightboxCore
public import Networks

extension KerasFile {
    /// The arrays of every layer of a graph.
    ///
    /// Layers are found by name. Those that the architecture leaves unnamed are found by order: Keras counts
    /// them as they are made, and the graph lists them as they are made. Keras 3 files without names are
    /// matched class by class in the order in which Keras 3 saves. A classifier in the file is left out when
    /// the graph has none.
    ///
    /// - Throws: ``WeightError``, naming each layer that is missing, extra or misshapen.
    public func weights(for graph: Graph) throws -> NetworkWeights {
        var matching = KerasMatching(file: self, graph: graph)
        if layers.contains(where: { $0.name != nil }) {
            matching.matchNames()
            matching.matchUnnamed()
            matching.matchHead()
        } else {
            matching.matchClasses()
        }
        var weights = NetworkWeights(matching.found)
        for layer in matching.extra { weights.layers[layer.name ?? layer.group] = layer.arrays }
        do {
            try weights.check(against: graph)
        } catch var error as WeightError {
            error.file = path
            throw error
        }
        return weights
    }
}

/// Pairs a file's layers with a graph's.
struct KerasMatching {
    let file: KerasFile
    let graph: Graph
    /// By the graph's names.
    private(set) var found: [String: [NDArray]] = [:]
    /// Which of the file's layers are taken.
    private var taken: Set<Int> = []

    init(file: KerasFile, graph: Graph) {
        self.file = file
        self.graph = graph
    }

    private var wanted: [Graph.Layer] { graph.layers.filter { !$0.weights.isEmpty } }

    /// Older files separate names with `/` where newer ones have `_`, and may put a model's name in front.
    mutating func matchNames() {
        var indices: [String: Int] = [:]
        for spelling in KerasMatching.spellings {
            for (index, layer) in file.layers.enumerated() {
                let name = spelling(layer.name ?? layer.group)
                if indices[name] == nil { indices[name] = index }
            }
        }
        for layer in wanted where layer.isNamed {
            if let index = indices[layer.name] { take(index, for: layer) }
        }
    }

    private static let spellings: [@Sendable (String) -> String] = [
        { $0 }, { String($0.map { $0 == "/" ? "_" : $0 }) },
        { $0.split(separator: "/").last.map { String($0) } ?? $0 },
    ]

    /// The classifier has had many names: `predictions`, `fc1000`, `Logits`, `probs`. One dense layer that is
    /// left over here and one there are the same.
    mutating func matchHead() {
        let here = wanted.filter { layer in
            if case .dense = layer.operation { found[layer.name] == nil } else { false }
        }
        let there = file.layers.indices.filter { !taken.contains($0) && KerasMatching.isDense(file.layers[$0]) }
        if here.count == 1, there.count == 1 { take(there[0], for: here[0]) }
    }

    private static func isDense(_ layer: KerasLayer) -> Bool { layer.arrays[0].shape.count == 2 }

    /// Pairs the rest by kind, in the order in which Keras counted them.
    mutating func matchUnnamed() {
        let rest = file.layers.indices.filter { !taken.contains($0) }
        let byKind = Dictionary(grouping: rest) { Kind(file.layers[$0]) }
        for (kind, layers) in Dictionary(grouping: wanted.filter { !$0.isNamed }, by: { Kind($0) }) {
            let candidates = (byKind[kind] ?? []).sorted { a, b in
                let (left, right) = (count(a), count(b))
                return left == right ? a < b : left < right
            }
            for (layer, index) in zip(layers, candidates) { take(index, for: layer) }
        }
    }

    /// Pairs `conv2d`, `conv2d_1`… with the convolutions in Keras's order, and so on for each class.
    mutating func matchClasses() {
        let byClass = Dictionary(grouping: file.layers.indices) { KerasLayer.counted(file.layers[$0].group).base }
        let ordered = graph.kerasOrder.map { graph.layers[$0] }.filter { !$0.weights.isEmpty }
        for (name, layers) in Dictionary(grouping: ordered, by: { $0.operation.kerasClass }) {
            let candidates = (byClass[name] ?? []).sorted { count($0) < count($1) }
            for (layer, index) in zip(layers, candidates) { take(index, for: layer) }
        }
    }

    /// The file's layers that the graph lacks, without a classifier that the graph does not ask for.
    var extra: [KerasLayer] {
        let hasClassifier = graph.layers.contains { layer in
            if case .dense = layer.operation { true } else { layer.name == KerasMatching.convolutionalHead }
        }
        let last = taken.max() ?? -1
        return file.layers.indices.filter { index in
            if taken.contains(index) { return false }
            let layer = file.layers[index]
            let isHead =
                KerasMatching.isDense(layer) || layer.name == KerasMatching.convolutionalHead
                || (file.isOrdered && index > last && last >= 0)
            return hasClassifier || !isHead
        }.map { file.layers[$0] }
    }

    /// MobileNet's classifier.
    private static let convolutionalHead = "conv_preds"

    private mutating func take(_ index: Int, for layer: Graph.Layer) {
        found[layer.name] = file.layers[index].arrays
        taken.insert(index)
    }

    private func count(_ index: Int) -> Int {
        KerasLayer.counted(file.layers[index].name ?? file.layers[index].group).count
    }

    /// What tells a convolution from a norm when names do not.
    private struct Kind: Hashable {
        var ranks: [Int]
        var isDepthwise: Bool

        init(_ layer: KerasLayer) {
            ranks = layer.arrays.map(\.shape.count)
            isDepthwise = (layer.name ?? layer.group).contains("depthwise")
        }

        init(_ layer: Graph.Layer) {
            ranks = layer.weights.map(\.shape.count)
            if case .depthwise = layer.operation { isDepthwise = true } else { isDepthwise = false }
        }
    }
}
