public import LightboxCore

/// Why a model's architecture could not be taken from a Keras file, or not be written to one.
public struct ArchitectureError: Failure, Equatable {
    public var kind: FailureKind
    /// The file's path, or what stands for it.
    public var file: String
    /// The layer that is to blame; nil for the configuration as a whole.
    public var layer: String?
    public var problem: String
    /// What to do now.
    public var remedy: String

    public init(kind: FailureKind, file: String, layer: String? = nil, problem: String, remedy: String) {
        self.kind = kind
        self.file = file
        self.layer = layer
        self.problem = problem
        self.remedy = remedy
    }

    public var description: String {
        "\(file): \(layer.map { "layer \($0) " } ?? "")\(problem). \(remedy)"
    }
}

/// What a configuration may ask for before it is refused.
struct ArchitectureLimits: Sendable {
    /// Layers, those of models inside models included.
    var layers = 10_000
    /// Models inside one another.
    var depth = 8
    /// Rows, columns, filters, units: any number in a setting.
    var size = 1 << 20
    /// Numbers in the output of one layer, for one image.
    var values = 1 << 31
    /// Numbers in one array of weights.
    var weights = 1 << 31
    /// Bytes of a layer's name.
    var nameLength = 256
    /// Walks over a list of layers that is not in order.
    var passes = 64
}
