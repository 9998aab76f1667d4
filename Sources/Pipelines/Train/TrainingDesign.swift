import Datasets
import LightboxCore
import ModelRegistry
import Networks

/// What is trained, and how it is written down afterwards.
struct TrainingDesign {
    let graph: Graph
    /// The layers below the head, whose weights a file may hold.
    let backbone: Graph
    /// Of a whole model that is gone on with.
    var weights: NetworkWeights?
    /// Layers that never learn.
    var frozen: Set<String> = []
    /// What there is to say before training.
    var notes: [String] = []
    let preprocessing: Preprocessing
    let architecture: ModelArchitecture
    let output: ModelOutput

    init(
        _ training: NetworkTraining, labels: LabelSet, content: LabelledDataset.Content, _ context: StageContext
    ) throws {
        if let model = training.model {
            try self.init(continuing: model, training, labels, content, context)
        } else {
            try self.init(training, labels, content)
        }
    }

    /// Of a known network.
    private init(
        _ training: NetworkTraining, _ labels: LabelSet, _ content: LabelledDataset.Content
    ) throws {
        let network = try Network.named(training.network)
        var preprocessing = network.preprocessing
        if let shape = training.shape {
            (preprocessing.height, preprocessing.width, preprocessing.channels) =
                (shape.height, shape.width, shape.channels)
        }
        if let scaling = training.scaling { preprocessing.scaling = scaling }
        self.preprocessing = preprocessing
        let input = [preprocessing.height, preprocessing.width, preprocessing.channels]
        backbone = try network.graph(
            height: input[0], width: input[1], channels: input[2],
            output: .features(content == .heatmaps ? .none : training.pooling))
        if content == .heatmaps {
            (graph, output) = (backbone, .heatmap)
            architecture = .network(name: network.name, input: input, top: .map)
            return
        }
        let isStates = labels.kind == .states
        let head = ClassifierHead(
            pooling: training.pooling, hiddenUnits: training.hiddenUnits, dropout: training.dropout,
            classes: labels.count + (training.hasExtraSlot && !isStates ? 1 : 0))
        graph = try network.graph(height: input[0], width: input[1], channels: input[2], head: head)
        output =
            isStates
            ? .states(labels.names) : .classes(labels.names, hasExtraSlot: training.hasExtraSlot)
        architecture = .network(name: network.name, input: input, top: .head(head))
    }

    /// Of a model with an architecture of its own.
    private init(
        continuing name: String, _ training: NetworkTraining, _ labels: LabelSet,
        _ content: LabelledDataset.Content, _ context: StageContext
    ) throws {
        guard content != .heatmaps else {
            throw InputError(.unsupported, "A model is gone on with from labels, not from heat maps.")
        }
        var facts = KerasModelFacts()
        (facts.scaling, facts.shape) = (training.scaling, training.shape)
        var model = try WholeModel(path: context.home.fetched(name), facts)
        output =
            labels.kind == .states
            ? .states(labels.names) : .classes(labels.names, hasExtraSlot: training.hasExtraSlot)
        notes = try model.fit(classes: output.scoreCount, activation: output.activation)
        (graph, backbone, weights) = (model.graph, model.graph, model.weights)
        frozen = model.frozen
        if !frozen.isEmpty {
            let count = graph.layers.count { !$0.weights.isEmpty && model.frozen.contains($0.name) }
            notes.append("\(count) layers of \(model.name) are marked as not trainable and stay as they are.")
        }
        preprocessing = model.preprocessing
        architecture = try .keras(graph, frozen: frozen)
    }
}
