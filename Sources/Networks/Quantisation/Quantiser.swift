public import LightboxCore
import WireFormats

/// Rewrites a float model so that its convolutions compute with 8-bit integers.
///
/// The result is an ordinary ONNX model with `QuantizeLinear` and `DequantizeLinear` around the inputs and kernels
/// of convolutions (Jacob et al. 2018, arXiv:1712.05877): unsigned 8-bit activations with one scale per tensor,
/// signed symmetric 8-bit kernels with one scale per output channel. Everything else stays float. Three things keep
/// the features close to the float model's:
///
/// * ranges that minimise the squared rounding and clipping error over calibration images, not the extremes;
/// * a bias that takes back the mean shift that kernel rounding causes (Nagel et al. 2019, arXiv:1906.04721);
/// * the first convolution stays float: it sees smooth images, whose neighbouring pixels do not average errors out.
///
/// The same model, images and settings give the same bytes.
public struct Quantiser: Sendable, Hashable, Codable {
    /// What an activation's range is taken from.
    public enum Ranges: String, Sendable, Codable {
        /// The smallest squared error over the calibration images.
        case leastSquares
        /// The smallest and the largest value seen.
        case extremes
    }

    public var ranges = Ranges.leastSquares
    /// Whether kernel rounding's mean shift is taken back in the bias.
    public var correctsBias = true
    /// Whether the convolution nearest to the image stays float.
    public var keepsFirstLayer = true
    /// Further convolutions that stay float, by node name.
    public var floatLayers: [String] = []

    public init() {}

    /// Makes a runner for a model: a function from one input batch to the model's outputs, in the outputs' order.
    public typealias Runner = (_ model: ONNXModel) throws -> (_ input: NDArray) throws -> [NDArray]

    /// Quantises `model`, a float model whose batch norms have been folded.
    ///
    /// - Parameters:
    ///   - calibration: 16 or more typical inputs, one image each: `[1, height, width, channels]`.
    ///   - makeRunner: compiles a model and runs it in f32; called once, with the model and more outputs.
    /// - Returns: the quantised model and what was done to each convolution.
    /// - Throws: ``NetworkError`` when there is nothing to quantise, and whatever the runner throws.
    public func quantise(
        _ model: ONNXModel, calibration: some Sequence<NDArray>, makeRunner: Runner
    ) throws -> (model: ONNXModel, report: QuantisationReport) {
        let graph = model.proto.graph
        let layers = convolutions(of: graph).filter { $0.reasonForFloat == nil }
        guard !layers.isEmpty else {
            throw NetworkError(
                kind: .unsupported, network: graph.name, problem: "has no convolution that can be quantised",
                remedy: "Use f32 or bf16.")
        }
        var tensors: [String] = []
        for layer in layers where !tensors.contains(layer.input) { tensors.append(layer.input) }
        let observers = try observe(tensors, of: model, calibration, makeRunner)
        var rewriting = QDQRewriting(graph: graph, correctsBias: correctsBias)
        for tensor in tensors {
            guard let observer = observers[tensor] else { continue }
            rewriting.scales[tensor] = AffineScale(observer.histogram, ranges)
            rewriting.means[tensor] = observer.channelMeans
        }
        return rewriting.run(model, layers: convolutions(of: graph))
    }

    /// Streams the calibration images through the model and keeps a histogram and channel means of each tensor.
    private func observe(
        _ tensors: [String], of model: ONNXModel, _ calibration: some Sequence<NDArray>, _ makeRunner: Runner
    ) throws -> [String: ActivationObserver] {
        var exposed = model
        let own = exposed.proto.graph.output.map(\.name)
        for tensor in tensors where !own.contains(tensor) {
            var value = ONNXValueInfoProto()
            value.name = tensor
            value.type.tensorType.elemType = Int32(ONNXTensorProto.DataType.float.rawValue)
            exposed.proto.graph.output.append(value)
        }
        let names = exposed.proto.graph.output.map(\.name)
        let run = try makeRunner(exposed)
        var observers = Dictionary(uniqueKeysWithValues: tensors.map { ($0, ActivationObserver()) })
        for image in calibration {
            for (name, values) in zip(names, try run(image)) { observers[name]?.add(values) }
        }
        guard observers.values.allSatisfy({ $0.imageCount > 0 }) else {
            throw NetworkError(
                kind: .invalidInput, network: model.proto.graph.name, problem: "was given no calibration images",
                remedy: "Give at least 16 typical images.")
        }
        return observers
    }

    /// Every convolution of a graph, and why it stays float, if it does.
    private func convolutions(of graph: ONNXGraphProto) -> [ConvolutionNode] {
        let constants = Set(graph.initializer.map(\.name))
        let inputs = Set(graph.input.map(\.name))
        var result: [ConvolutionNode] = []
        for (index, node) in graph.node.enumerated() where node.opType == "Conv" && node.input.count >= 2 {
            var layer = ConvolutionNode(index: index, node: node)
            if !constants.contains(layer.kernel) || layer.bias.map({ !constants.contains($0) }) == true {
                layer.reasonForFloat = "its kernel is not a constant"
            } else if inputs.contains(layer.input) || (keepsFirstLayer && result.isEmpty) {
                layer.reasonForFloat = "it sees the image itself"
            } else if floatLayers.contains(layer.name) {
                layer.reasonForFloat = "it was asked to"
            }
            result.append(layer)
        }
        return result
    }
}

/// The parts of a `Conv` node.
struct ConvolutionNode {
    let index: Int
    let name: String
    let input: String
    let kernel: String
    let bias: String?
    let groups: Int
    /// The strides of a 1 × 1 kernel that has some and no padding.
    let pointwiseStrides: [Int64]?
    /// nil when it is to be quantised.
    var reasonForFloat: String?

    init(index: Int, node: ONNXNodeProto) {
        self.index = index
        name = node.name.isEmpty ? node.output.first ?? "" : node.name
        input = node.input[0]
        kernel = node.input[1]
        bias = node.input.count > 2 && !node.input[2].isEmpty ? node.input[2] : nil
        func integers(_ name: String) -> [Int64] { node.attribute.first { $0.name == name }?.ints ?? [] }
        groups = Int(node.attribute.first { $0.name == "group" }?.i ?? 1)
        let isPointwise =
            integers("kernel_shape").allSatisfy { $0 == 1 } && integers("pads").allSatisfy { $0 == 0 }
        let strides = integers("strides")
        pointwiseStrides = isPointwise && strides.contains { $0 > 1 } ? strides : nil
    }
}
