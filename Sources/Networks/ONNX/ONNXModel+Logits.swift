import WireFormats

extension ONNXModel {
    /// The model with the values before the first output's softmax or sigmoid as that output, under the same name;
    /// nil where the output is not computed by one of these.
    public func withoutLastActivation() -> ONNXModel? {
        guard let output = proto.graph.output.first?.name,
            let last = proto.graph.node.lastIndex(where: { $0.output == [output] }),
            ["Softmax", "Sigmoid"].contains(proto.graph.node[last].opType)
        else { return nil }
        var model = self
        // The other readers of the activation's values would now read something else.
        guard !proto.graph.node.contains(where: { $0.input.contains(output) }) else { return nil }
        model.proto.graph.node[last].opType = "Identity"
        model.proto.graph.node[last].attribute = []
        return model
    }
}
