public import LightboxCore

/// Samples that a network sees at once.
public struct Batch: Sendable {
    public enum Labels: Sendable {
        /// `[samples][labels]`.
        case states([[LabelState]])
        /// nil for an image without a label.
        case classes([Int?])
        /// `[samples, height, width, 1]`, 0...1.
        case heatmaps(NDArray)
    }

    /// `[samples, height, width, channels]`, or `[samples, features]` of vectors.
    public let images: NDArray
    public let labels: Labels
    public let keys: [InstanceKey]
    /// Of the samples in their data set.
    public let indices: [Int]

    public var count: Int { indices.count }

    /// Empty unless the labels are states.
    public var states: [[LabelState]] { if case .states(let states) = labels { states } else { [] } }
    /// Empty unless the labels are classes.
    public var classes: [Int?] { if case .classes(let classes) = labels { classes } else { [] } }
    public var heatmaps: NDArray? { if case .heatmaps(let heatmaps) = labels { heatmaps } else { nil } }
}
