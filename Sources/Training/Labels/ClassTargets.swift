public import LightboxCore

/// Turns classes into what the softmax cross-entropy takes: probabilities per image, and a weight per image.
///
/// An image without a label belongs to the extra last slot where there is one; otherwise it counts nothing.
public struct ClassTargets: Sendable, Hashable {
    /// Named classes.
    public let classes: Int
    public let hasExtraSlot: Bool
    /// What an image of each class counts.
    public var classWeights: [Double]

    public init(classes: Int, hasExtraSlot: Bool, classWeights: [Double]? = nil) {
        precondition(classWeights.map { $0.count == classes } ?? true)
        self.classes = classes
        self.hasExtraSlot = hasExtraSlot
        self.classWeights = classWeights ?? Array(repeating: 1, count: classes)
    }

    /// Values per image that the network gives.
    public var outputs: Int { classes + (hasExtraSlot ? 1 : 0) }

    /// Where an image's probability goes; nil for an image that does not count.
    public func slot(_ label: Int?) -> Int? { label ?? (hasExtraSlot ? classes : nil) }

    public func weight(_ label: Int?) -> Double {
        if let label { return classWeights[label] }
        return hasExtraSlot ? 1 : 0
    }

    /// - Returns: `[images, outputs]` and `[images]`.
    public func arrays(_ labels: [Int?]) -> (targets: NDArray, weights: NDArray) {
        var targets = NDArray(shape: [labels.count, outputs])
        for (row, label) in labels.enumerated() {
            if let slot = slot(label) { targets.values[row * outputs + slot] = 1 }
        }
        return (targets, NDArray(shape: [labels.count], values: labels.map { Float(weight($0)) }))
    }

    /// The sum over the images of weight × cross-entropy, in 64 bits; divide by the number of images.
    ///
    /// - Parameter logits: `[images, outputs]`.
    public func lossSum(logits: NDArray, labels: [Int?]) -> Double {
        precondition(logits.shape == [labels.count, outputs])
        var sum = 0.0
        for (row, label) in labels.enumerated() {
            guard let slot = slot(label) else { continue }
            let values = logits.values[row * outputs..<(row + 1) * outputs].map(Double.init)
            sum += weight(label) * CrossEntropy.softmax(logits: values, index: slot)
        }
        return sum
    }
}
