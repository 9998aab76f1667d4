import CTorch

/// What training makes small: one value, differentiable with respect to every argument.
public enum Loss {
    /// Sum of weight × cross-entropy of the sigmoid, divided by the number of elements: TensorFlow's
    /// `sigmoid_cross_entropy` with the reduction SUM_OVER_BATCH_SIZE.
    ///
    /// - Parameters:
    ///   - logits: before the sigmoid, any shape.
    ///   - targets: 0...1, of the same shape.
    ///   - weights: of the same shape or one that broadcasts to it; nil for 1.
    public static func sigmoidCrossEntropy(logits: Tensor, targets: Tensor, weights: Tensor? = nil) throws
        -> Tensor
    {
        try compute(CTORCH_SIGMOID_CROSS_ENTROPY, logits, targets, weights)
    }

    /// Sum of weight × cross-entropy of the softmax, divided by the number of rows.
    ///
    /// - Parameters:
    ///   - logits: before the softmax, rows × classes.
    ///   - targets: probabilities, rows × classes.
    ///   - weights: one per row; nil for 1.
    public static func softmaxCrossEntropy(logits: Tensor, targets: Tensor, weights: Tensor? = nil) throws
        -> Tensor
    {
        try compute(CTORCH_SOFTMAX_CROSS_ENTROPY, logits, targets, weights)
    }

    /// Sum of weight × cross-entropy of probabilities, kept 1e-7 away from 0 and 1 as in Keras, divided by the
    /// number of elements.
    public static func binaryCrossEntropy(
        probabilities: Tensor, targets: Tensor, weights: Tensor? = nil
    ) throws -> Tensor {
        try compute(CTORCH_BINARY_CROSS_ENTROPY, probabilities, targets, weights)
    }

    /// Sum of weight × squared difference, divided by the number of elements.
    public static func meanSquaredError(_ values: Tensor, targets: Tensor, weights: Tensor? = nil) throws -> Tensor
    {
        try compute(CTORCH_SQUARED_ERROR, values, targets, weights)
    }

    private static func compute(
        _ kind: ctorch_loss, _ values: Tensor, _ targets: Tensor, _ weights: Tensor?
    ) throws -> Tensor {
        guard values.shape == targets.shape else {
            throw TorchError(
                code: .shapeMismatch, place: "loss of \(values.shape) and targets \(targets.shape)",
                remedy: "Give one target for each value.")
        }
        let made = try Tensor.make("loss of \(values.shape) with weights \(weights?.shape ?? [])") {
            values.functions.loss(
                Int32(kind.rawValue), values.handle, targets.handle, weights?.handle, $0, $1)
        }
        return Tensor(owning: made, values.functions)
    }
}
