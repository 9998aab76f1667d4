public import LightboxCore

/// What a network is trained or validated on: images, vectors or maps, in batches.
///
/// With several processes each is given its own share of every batch, and all have the same number of batches.
public protocol TrainingData {
    /// Height, width, channels of the images, or the length of the vectors.
    var inputShape: [Int] { get }
    /// Samples of an epoch in all processes together.
    var count: Int { get }
    /// Batches of an epoch; the same in every process and every epoch.
    var batchCount: Int { get }
    /// Labels or classes and how often they occur; nil for maps.
    var labelCounts: LabelCounts? { get }
    /// Changes whenever a sample, a label or the order they are named in does.
    var fingerprint: String { get }

    /// The batches of an epoch, in an order that is a function of the data's seed and the epoch.
    ///
    /// - Parameters:
    ///   - epoch: from 0.
    ///   - first: batches to leave out at the start, without reading what is in them.
    func batches(epoch: Int, from first: Int) throws -> any BatchStream
}

/// The batches of one epoch, one after another.
public protocol BatchStream: AnyObject {
    /// nil at the end.
    func next() throws -> TrainingBatch?
    /// Time that ``next()`` has spent waiting for batches so far.
    var waiting: Duration { get }
}

/// Some samples, ready for the network.
public struct TrainingBatch: Sendable {
    /// `[samples, height, width, channels]` or `[samples, features]`.
    public var inputs: NDArray
    public var targets: BatchTargets
    /// Number of each sample in its data set, from 0.
    public var indices: [Int]

    public init(inputs: NDArray, targets: BatchTargets, indices: [Int]) {
        self.inputs = inputs
        self.targets = targets
        self.indices = indices
    }

    public var count: Int { inputs.shape[0] }
}

/// What is true of each sample of a batch.
public enum BatchTargets: Sendable, Hashable {
    /// One state per label.
    case states([[LabelState]])
    /// One class each; nil for an image without a label.
    case classes([Int?])
    /// `[samples, height, width, 1]`, values 0...1.
    case maps([Float], height: Int, width: Int)
}
