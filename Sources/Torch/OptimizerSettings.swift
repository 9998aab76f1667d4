/// How gradients become updates; the defaults are Keras's.
public struct OptimizerSettings: Sendable, Codable, Hashable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// Kingma and Ba 2014, with the epsilon outside of the bias correction, as in Keras.
        case adam
        /// Adam whose decay does not pass through the moments (Loshchilov and Hutter 2017).
        case adamW
        /// Stochastic gradient descent, with momentum where that is not 0.
        case sgd
    }

    public var kind: Kind
    public var beta1: Float = 0.9
    public var beta2: Float = 0.999
    public var epsilon: Float = 1e-7
    /// Share of each weight, times the learning rate, taken off before the update.
    public var weightDecay: Float = 0
    /// Of stochastic gradient descent.
    public var momentum: Float = 0
    public var isNesterov = false
    /// Largest norm of all gradients together; nil for no limit.
    public var gradientClipNorm: Float?

    /// AdamW decays by 0.004 unless told otherwise.
    public init(_ kind: Kind = .adam, weightDecay: Float? = nil) {
        self.kind = kind
        self.weightDecay = weightDecay ?? (kind == .adamW ? 0.004 : 0)
    }
}
