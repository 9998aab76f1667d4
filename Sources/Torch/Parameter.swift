public import LightboxCore

/// One array that training changes.
public struct Parameter {
    /// `layer/kernel`, as in the weight file.
    public let name: String
    /// The values as the engine holds them; kernels are not in Keras's order there.
    public let tensor: Tensor
    /// In Keras's order.
    public let shape: [Int]
    let layout: Layout

    /// A parameter of one's own, beside those of a network.
    public init(name: String, _ tensor: Tensor) throws {
        try tensor.requireGradient()
        self.init(name: name, tensor: tensor, shape: tensor.shape, layout: .plain)
    }

    init(name: String, tensor: Tensor, shape: [Int], layout: Layout) {
        self.name = name
        self.tensor = tensor
        self.shape = shape
        self.layout = layout
    }

    /// A copy in Keras's order.
    public func array() throws -> NDArray { try tensor.array(shape: shape, layout: layout) }

    /// A copy of what `backward` left, in Keras's order; nil before.
    public func gradient() throws -> NDArray? { try tensor.gradient?.array(shape: shape, layout: layout) }
}
