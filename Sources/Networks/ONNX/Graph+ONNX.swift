import WireFormats

extension Graph {
    /// Operator set and file version: readable by every engine since 2021.
    static let onnxOperatorSet = 17
    static let onnxFileVersion = 8

    /// Writes this graph with its weights as an ONNX model.
    ///
    /// The input is `[N, height, width, channels]` floats, already scaled, N free; inside, channels come
    /// first. The output is `[N, features]`, or `[N, height, width, channels]` of an unpooled graph.
    /// Each layer's arrays keep the layer's name: `block1_conv1/kernel`, `block1_conv1/bias`.
    ///
    /// - Throws: ``WeightError`` when the weights are not this graph's.
    public func onnx(weights: NetworkWeights, options: ONNXOptions = ONNXOptions()) throws -> ONNXModel {
        try weights.check(against: self, ignoringExtra: true)
        var lowering = ONNXLowering(graph: self, weights: weights, options: options)
        lowering.run()
        var model = ONNXModelProto()
        model.irVersion = Int64(Graph.onnxFileVersion)
        model.producerName = "lightbox"
        var operators = ONNXOperatorSetIdProto()
        operators.version = Int64(Graph.onnxOperatorSet)
        model.opsetImport = [operators]
        model.graph.name = name
        model.graph.node = lowering.nodes
        model.graph.initializer = lowering.initializers
        model.graph.input = [ONNXValueInfoProto(name: options.inputName, shape: [nil] + inputShape)]
        model.graph.output = [ONNXValueInfoProto(name: options.outputName, shape: [nil] + outputShape)]
        return ONNXModel(proto: model)
    }
}
