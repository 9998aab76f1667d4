import Analysis
import LightboxCore
import WireFormats

/// A classifier of vectors as it is served: standardisation, scores, calibrated probabilities.
struct VectorModel {
    enum Classifier {
        case linear(LinearClassifier)
        case perceptron(Perceptron)
        case supportVectors(SupportVectorMachine)

        var scorer: any VectorClassifier {
            switch self {
            case .linear(let classifier): classifier
            case .perceptron(let classifier): classifier
            case .supportVectors(let classifier): classifier
            }
        }
    }

    let standardisation: Standardisation?
    let classifier: Classifier
    /// Of the softmax; 1 leaves it.
    var temperature = 1.0
    let classes: [String]

    /// One for each class of each row.
    func probabilities(_ matrix: FeatureMatrix) throws -> [[Double]] {
        try scores(matrix).map { Self.softmax($0, temperature: temperature) }
    }

    func scores(_ matrix: FeatureMatrix) throws -> [[Double]] {
        let scores = try classifier.scorer.scores(standardisation?.apply(to: matrix) ?? matrix)
        return stride(from: 0, to: scores.count, by: classes.count).map {
            Array(scores[$0..<($0 + classes.count)])
        }
    }

    static func softmax(_ scores: [Double], temperature: Double) -> [Double] {
        var scaled = scores.map { $0 / temperature }
        Softmax.probabilities(&scaled, classes: scores.count)
        return scaled
    }
}

extension VectorModel {
    /// `feature_vector`, N × columns, to `probabilities`, N × classes; the classes' names are in its metadata.
    func onnx() throws -> [UInt8] {
        var graph = ONNXGraphWriter(columns: classifier.scorer.columns)
        if let standardisation {
            graph.apply("Sub", with: standardisation.mean)
            graph.apply("Mul", with: standardisation.deviation.map { 1 / $0 })
        }
        switch classifier {
        case .linear(let linear):
            graph.addLayer(linear.weights, linear.biases)
        case .perceptron(let perceptron):
            graph.addLayer(perceptron.first.weights, perceptron.first.biases)
            graph.apply("Relu")
            graph.addLayer(perceptron.second.weights, perceptron.second.biases)
        case .supportVectors(let machine):
            graph.addMachines(machine)
        }
        if temperature != 1 { graph.apply("Mul", with: [1 / temperature]) }
        return try graph.finish(classes: classes)
    }
}

/// Builds the graph node by node: each takes what the one before it gives.
private struct ONNXGraphWriter {
    private var graph = ONNXGraphProto()
    private var current = "feature_vector"
    private let columns: Int
    private var count = 0

    init(columns: Int) {
        self.columns = columns
        graph.name = "vector_classifier"
        graph.input = [ONNXValueInfoProto(name: current, shape: [nil, columns])]
    }

    /// A tensor of the graph's own.
    private mutating func constant(_ dims: [Int], _ values: [Double]) -> String {
        count += 1
        let name = "constant_\(count)"
        graph.initializer.append(ONNXTensorProto(name: name, dims: dims, floats: values.map(Float.init)))
        return name
    }

    private mutating func node(
        _ operation: String, _ inputs: [String], _ attributes: [ONNXAttributeProto] = []
    ) -> String {
        count += 1
        let name = "\(operation.lowercased())_\(count)"
        graph.node.append(
            ONNXNodeProto(operation, name: name, inputs: inputs, outputs: [name], attributes: attributes))
        return name
    }

    mutating func apply(_ operation: String) { current = node(operation, [current]) }

    mutating func apply(_ operation: String, with values: [Double]) {
        current = node(operation, [current, constant([values.count], values)])
    }

    /// x · Wᵀ + b, with a row of W for each output.
    mutating func addLayer(_ weights: [Double], _ biases: [Double]) {
        let shape = [biases.count, weights.count / biases.count]
        current = node(
            "Gemm", [current, constant(shape, weights), constant([biases.count], biases)], [.init("transB", 1)])
    }

    mutating func addMachines(_ machine: SupportVectorMachine) {
        let input = current
        var outputs = machine.machines.map { decision(of: $0, gamma: machine.gamma, input) }
        if machine.classes == 2 {
            let half = node("Mul", [outputs[0], constant([1], [0.5])])
            outputs = [node("Neg", [half]), half]
        }
        current = node("Concat", outputs, [.init("axis", 1)])
    }

    private mutating func decision(
        of machine: SupportVectorMachine.Machine, gamma: Double?, _ input: String
    ) -> String {
        let vectors = machine.vectors.values.map(Double.init)
        let shape = [machine.vectors.rows, columns]
        var value: String
        if let gamma {
            // d² = |x|² + |v|² − 2 x · v
            let own = (0..<shape[0]).map { row in machine.vectors[row].reduce(0.0) { $0 + Double($1) * Double($1) }
            }
            let products = node(
                "Gemm", [input, constant(shape, vectors), constant([shape[0]], own)],
                [.init("transB", 1), .init("alpha", Float(-2))])
            let squares = node("ReduceSumSquare", [input], [.init("axes", [1]), .init("keepdims", 1)])
            let scaled = node("Mul", [node("Add", [products, squares]), constant([1], [-gamma])])
            value = node("Exp", [scaled])
        } else {
            value = node(
                "MatMul", [input, node("Transpose", [constant(shape, vectors)], [.init("perm", [1, 0])])])
        }
        value = node("MatMul", [value, constant([shape[0], 1], machine.coefficients)])
        return node("Sub", [value, constant([1], [machine.offset])])
    }

    mutating func finish(classes: [String]) throws -> [UInt8] {
        graph.node.append(
            ONNXNodeProto(
                "Softmax", name: "probabilities", inputs: [current], outputs: ["probabilities"],
                attributes: [.init("axis", 1)]))
        graph.output = [ONNXValueInfoProto(name: "probabilities", shape: [nil, classes.count])]
        var operators = ONNXOperatorSetIdProto()
        operators.version = 13
        var model = ONNXModelProto()
        (model.irVersion, model.opsetImport, model.graph) = (8, [operators], graph)
        model.producerName = "lightbox"
        for (index, name) in classes.enumerated() {
            var entry = ONNXStringStringEntryProto()
            (entry.key, entry.value) = ("class_\(index)", name)
            model.metadataProps.append(entry)
        }
        return try model.bytes()
    }
}
