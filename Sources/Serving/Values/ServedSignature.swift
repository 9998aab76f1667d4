/// An input or an output that a served model has, as its callers see it.
public struct ServedPort: Sendable, Hashable {
    public let name: String
    public let type: ServedType
    /// The first length is that of the instances; nil where any length goes.
    public let shape: [Int?]
    /// Whether an instance may leave it out, such as its key.
    public let isOptional: Bool

    public init(name: String, type: ServedType, shape: [Int?], isOptional: Bool = false) {
        self.name = name
        self.type = type
        self.shape = shape
        self.isOptional = isOptional
    }

    /// Of one instance.
    var itemShape: ArraySlice<Int?> { shape.dropFirst() }

    /// `[any, 224, 224, 3]`.
    var shapeText: String { "[" + shape.map { $0.map(String.init) ?? "any" }.joined(separator: ", ") + "]" }
}

/// One way to call a model: what goes in and what comes out.
public struct ServedSignature: Sendable, Hashable {
    /// What is taken where a request names none, and there are several.
    public static let defaultName = "serving_default"

    public let name: String
    /// As a SavedModel says it: `tensorflow/serving/predict`.
    public let methodName: String
    public let inputs: [ServedPort]
    public let outputs: [ServedPort]

    public init(
        name: String = defaultName, methodName: String = "tensorflow/serving/predict", inputs: [ServedPort],
        outputs: [ServedPort]
    ) {
        self.name = name
        self.methodName = methodName
        self.inputs = inputs
        self.outputs = outputs
    }

    public func input(_ name: String) -> ServedPort? { inputs.first { $0.name == name } }

    /// The input of a bare value: the only one, or the only one that is needed.
    public var soleInput: ServedPort? {
        if inputs.count == 1 { return inputs[0] }
        let needed = inputs.filter { !$0.isOptional }
        return needed.count == 1 ? needed[0] : nil
    }

    /// Whether a line of text is an instance as it is, without being parsed as JSON: there is one input, of strings.
    public var takesRawLines: Bool { inputs.count == 1 && takesRawRecords }

    /// The same for the records of a TFRecord file, which are no JSON in any case.
    public var takesRawRecords: Bool { soleInput.map { $0.type == .string && $0.shape.count <= 1 } ?? false }
}
