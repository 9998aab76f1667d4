/// How the samples of a data set are put into batches.
public struct BatchSettings: Sendable, Codable, Hashable {
    public enum Order: Sendable, Codable, Hashable {
        /// As the data set lists them: for validation and prediction.
        case sequential
        /// Every order is equally likely.
        case shuffled
        /// Shards in a drawn order, read side by side, through a buffer of so many samples from which one is
        /// drawn at a time: nearly sequential reading, for records on slow disks.
        case buffered(Int)
    }

    public enum Sampling: String, Sendable, Codable, CaseIterable {
        /// Each sample once an epoch.
        case each
        /// Every class, or the positives of every finding and the images without any, are drawn equally often;
        /// an epoch has as many draws as there are samples.
        case balanced
    }

    /// Whether a sample that cannot be read is replaced by the next of the order, or left out.
    public enum Damage: String, Sendable, Codable, CaseIterable {
        case replace, leaveOut
    }

    /// Samples in a batch of one process.
    public var batchSize: Int
    public var seed: UInt64 = 0
    public var order = Order.shuffled
    public var sampling = Sampling.each
    /// Leaves out the last batch of an epoch when it is not full.
    public var dropsRemainder = true
    public var damage = Damage.replace
    public var augmentation = Augmentation.none
    /// Threads that read and decode.
    public var threads = 2
    /// Full batches that may stand ready while one is being learned from.
    public var prefetch = 2
    /// This process among `processes` that learn together, from 0.
    public var rank = 0
    public var processes = 1

    public init(batchSize: Int) { self.batchSize = batchSize }

    /// Shuffled, full batches, damaged samples replaced.
    public static func training(batchSize: Int, seed: UInt64) -> BatchSettings {
        var settings = BatchSettings(batchSize: batchSize)
        settings.seed = seed
        return settings
    }

    /// In the data set's order, every readable sample exactly once.
    public static func evaluation(batchSize: Int) -> BatchSettings {
        var settings = BatchSettings(batchSize: batchSize)
        settings.order = .sequential
        settings.dropsRemainder = false
        settings.damage = .leaveOut
        return settings
    }
}
