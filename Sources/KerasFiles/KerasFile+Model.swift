import LightboxCore
public import Networks

/// A whole model out of a Keras file: what it computes and what it has learnt.
public struct KerasModel: Sendable {
    public let architecture: KerasArchitecture
    /// Every layer's arrays under the graph's names.
    public let weights: NetworkWeights

    public var graph: Graph { architecture.graph }
    /// What the last layer does to its values: `linear` gives logits, `sigmoid` and `softmax` scores.
    public var outputActivation: Activation { architecture.outputActivation }

    public init(architecture: KerasArchitecture, weights: NetworkWeights) {
        self.architecture = architecture
        self.weights = weights
    }
}

extension KerasFile {
    /// The architecture in the file's configuration.
    ///
    /// - Parameters:
    ///   - height: pixels; for models that leave it open.
    ///   - width: pixels; for models that leave it open.
    ///   - channels: for models that leave it open.
    /// - Throws: ``ArchitectureError`` for a file of weights alone, a `Lambda`, or a layer that is not known.
    public func architecture(height: Int? = nil, width: Int? = nil, channels: Int? = nil) throws
        -> KerasArchitecture
    {
        guard let configuration else {
            throw ArchitectureError(
                kind: .invalidInput, file: path, problem: "the file holds weights without an architecture",
                remedy: "Name the network, or save the whole model with model.save.")
        }
        return try KerasArchitecture(
            configuration: configuration, file: path, height: height, width: width, channels: channels)
    }

    /// The architecture and the weights of a file that Keras wrote with `model.save`.
    ///
    /// Parameters as of ``architecture(height:width:channels:)``.
    ///
    /// - Throws: also `WeightError`, naming each layer whose arrays are missing, extra or misshapen.
    public func model(height: Int? = nil, width: Int? = nil, channels: Int? = nil) throws -> KerasModel {
        let architecture = try architecture(height: height, width: width, channels: channels)
        return KerasModel(architecture: architecture, weights: try weights(for: architecture))
    }

    /// The graph of a whole model; ``model(height:width:channels:)`` gives its weights too.
    public func graph(height: Int? = nil, width: Int? = nil, channels: Int? = nil) throws -> Graph {
        try architecture(height: height, width: width, channels: channels).graph
    }

    /// The arrays of every layer of an architecture that came out of this file.
    func weights(for architecture: KerasArchitecture) throws -> NetworkWeights {
        var weights = architecture.fixedWeights
        var taken: Set<Int> = []
        for (place, index) in isOrdered ? classicPairs(architecture.places) : pathPairs(architecture.places) {
            weights.layers[place.layer] = layers[index].arrays
            taken.insert(index)
        }
        for index in layers.indices where !taken.contains(index) {
            let layer = layers[index]
            let name = layer.place.isEmpty ? layer.name ?? layer.group : layer.place.joined(separator: "/")
            weights.layers["\(name) (in the file)"] = layer.arrays
        }
        do {
            try weights.check(against: architecture.graph)
        } catch var error as WeightError {
            error.file = path
            throw error
        }
        return weights
    }

    /// Keras 3: by the groups' path.
    private func pathPairs(_ places: [KerasPlace]) -> [(KerasPlace, Int)] {
        let indices = Dictionary(
            layers.indices.map { (layers[$0].place, $0) }, uniquingKeysWith: { first, _ in first })
        return places.compactMap { place in indices[place.path].map { (place, $0) } }
    }

    /// Classic: by the layer's name; inside a model by the name too, or, where that is not clear, by order.
    private func classicPairs(_ places: [KerasPlace]) -> [(KerasPlace, Int)] {
        let listed = Dictionary(grouping: layers.indices) { layers[$0].place.first ?? "" }
        var pairs: [(KerasPlace, Int)] = []
        for (top, places) in Dictionary(grouping: places, by: { $0.models.first ?? $0.name }) {
            let candidates = listed[top] ?? []
            if places.count == 1, candidates.count == 1 {
                pairs.append((places[0], candidates[0]))
            } else {
                pairs += namedPairs(places, candidates) ?? Array(zip(places, candidates))
            }
        }
        return pairs
    }

    /// nil unless each layer has exactly one owner of arrays that ends in its name.
    private func namedPairs(_ places: [KerasPlace], _ candidates: [Int]) -> [(KerasPlace, Int)]? {
        var owners: [String: [Int]] = [:]
        for index in candidates { owners[layers[index].place.last ?? "", default: []].append(index) }
        var pairs: [(KerasPlace, Int)] = []
        for place in places {
            // `kernel` is owned by `conv1`, `base/conv1` or `outer/base/conv1`, as the model was called.
            let spellings = (0...place.models.count).map { count in
                (place.models.suffix(count) + [place.name]).joined(separator: "/")
            }
            let found = spellings.flatMap { owners[$0] ?? [] }
            guard found.count == 1 else { return nil }
            pairs.append((place, found[0]))
        }
        return Set(pairs.map(\.1)).count == pairs.count ? pairs : nil
    }
}
