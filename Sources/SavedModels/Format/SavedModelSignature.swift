import LightboxCore

/// An input or output of a signature.
public struct SavedModelTensor: Sendable, Equatable, Codable {
    /// What a request calls it.
    public let name: String
    public let type: DataType
    public let shape: PartialShape
    /// What the graph calls it: `StatefulPartitionedCall:0`.
    public let tensorName: String

    public init(name: String, type: DataType, shape: PartialShape, tensorName: String) {
        self.name = name
        self.type = type
        self.shape = shape
        self.tensorName = tensorName
    }

    // TensorInfo { name = 1; dtype = 2; tensor_shape = 3; coo_sparse = 4; composite_tensor = 5 }
    init(name: String, _ message: WireMessage) throws {
        self.name = name
        type = DataType(number: message.number(2))
        shape = try PartialShape(message.message(3) ?? WireMessage(.empty))
        tensorName = try message.text(1)
    }
}

/// One way of calling a model: named tensors in, named tensors out, each list sorted by name.
public struct SavedModelSignature: Sendable, Equatable, Codable {
    public let name: String
    public let inputs: [SavedModelTensor]
    public let outputs: [SavedModelTensor]
    /// `tensorflow/serving/predict`
    public let methodName: String

    public init(
        name: String, inputs: [SavedModelTensor], outputs: [SavedModelTensor],
        methodName: String = "tensorflow/serving/predict"
    ) {
        self.name = name
        self.inputs = inputs
        self.outputs = outputs
        self.methodName = methodName
    }

    // SignatureDef { map inputs = 1; map outputs = 2; method_name = 3 }
    init(name: String, _ message: WireMessage) throws {
        func tensors(_ number: Int) throws -> [SavedModelTensor] {
            try message.entries(number).map { try SavedModelTensor(name: $0.key, WireMessage($0.value)) }
                .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        }
        self.init(
            name: name, inputs: try tensors(1), outputs: try tensors(2), methodName: try message.text(3))
    }

    /// The signature as TensorFlow's `saved_model_cli show --all` prints it.
    public func describe() -> String {
        var text = "signature_def['\(name)']:\n"
        for (kind, tensors) in [("input", inputs), ("output", outputs)] {
            text += "  The given SavedModel SignatureDef contains the following \(kind)(s):\n"
            for tensor in tensors {
                text += "    \(kind)s['\(tensor.name)'] tensor_info:\n"
                text += "        dtype: \(tensor.type.name)\n"
                text += "        shape: \(tensor.shape.text)\n"
                text += "        name: \(tensor.tensorName)\n"
            }
        }
        return text + "  Method name is: \(methodName)\n"
    }
}
