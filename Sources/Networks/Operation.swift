/// What one layer does, with its settings but without its weights.
///
/// Shapes are `[height, width, channels]`, or `[features]` behind a global pooling; the number of images
/// is not part of them.
public enum Operation: Sendable, Hashable {
    case input
    case convolution(filters: Int, Window, hasBias: Bool)
    /// Each channel by itself, into `multiplier` channels.
    case depthwise(multiplier: Int, Window, hasBias: Bool)
    /// Depthwise, then 1 × 1: one layer with two kernels, as in Keras.
    case separable(filters: Int, Window, hasBias: Bool)
    case dense(units: Int, hasBias: Bool)
    case norm(Norm)
    case activation(Activation)
    case pool(PoolKind, Window)
    case globalPool(PoolKind, keepsDimensions: Bool)
    case add
    /// Along the channels.
    case concatenate
    case zeroPadding(Edges)
    /// Rows, columns, channels in that order, into one dimension.
    case flatten
    case reshape([Int])
    /// Nothing outside of training.
    case dropout(rate: Float)
}

/// Batch normalisation over all but the channels (Ioffe and Szegedy 2015).
public struct Norm: Sendable, Hashable {
    /// Added to the variance.
    public var epsilon: Float
    /// What stays of the moving mean and variance after one training step (Keras's sense).
    public var momentum: Float
    /// Whether there is a `gamma`.
    public var hasScale: Bool
    /// Whether there is a `beta`.
    public var hasOffset: Bool

    public init(epsilon: Float = 1e-3, momentum: Float = 0.99, hasScale: Bool = true, hasOffset: Bool = true) {
        self.epsilon = epsilon
        self.momentum = momentum
        self.hasScale = hasScale
        self.hasOffset = hasOffset
    }
}

public enum Activation: String, Sendable, Hashable, Codable {
    case linear, relu
    /// `min(max(x, 0), 6)`.
    case relu6
    case sigmoid
    /// Over the channels.
    case softmax
    case tanh
}

public enum PoolKind: String, Sendable, Hashable {
    case max
    /// Padding does not count, as in TensorFlow.
    case average
}

/// One array of a layer's weights, in the order of the weight file.
public struct WeightSpecification: Sendable, Hashable {
    /// `kernel`, `bias`, `depthwise_kernel`, `pointwise_kernel`, `gamma`, `beta`, `moving_mean` or
    /// `moving_variance`.
    public let name: String
    /// As in Keras: kernels are height × width × in × out, of dense layers in × out.
    public let shape: [Int]
    public let initializer: Initializer

    /// Moving means and variances are remembered, not trained.
    public var isTrainable: Bool { !name.hasPrefix("moving_") }
}

/// What a weight is before training.
public enum Initializer: Sendable, Hashable {
    case zeros, ones
    /// Uniform within ±√(6 / (fan in + fan out)) (Glorot and Bengio 2010).
    case glorotUniform(fanIn: Int, fanOut: Int)
}
