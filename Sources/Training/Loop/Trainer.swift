import LightboxCore
public import Networks
public import Torch

/// Trains a network on data, and leaves a folder from which it can go on, be judged and be exported.
///
/// The engine blocks its thread and its memory belongs to it: give ``run(resuming:isCancelled:on:)`` a thread of
/// its own. Everything random follows from the seed; a run that was stopped and gone on with ends with exactly
/// the weights of one that was not.
public struct Trainer {
    public var settings: TrainingSettings
    /// With a head that gives one value per label or class; a last softmax or sigmoid is set aside while training.
    public var graph: Graph
    public var training: any TrainingData
    /// nil trains without validation: then nothing is best, and the last weights are what counts.
    public var validation: (any TrainingData)?
    /// What training starts from; layers that are missing or misshapen there start afresh.
    public var start: NetworkWeights?
    /// Layers that never learn, whatever the settings say.
    public var frozen: Set<String> = []
    public var folder: RunFolder
    public var device = Device.cpu
    /// Processes that train together; nil alone.
    public var group: ProcessGroup?
    /// Said on the page and in the log, beside the settings: where data and weights come from.
    public var description: [(name: String, value: String)] = []

    public init(
        _ settings: TrainingSettings, graph: Graph, training: any TrainingData,
        validation: (any TrainingData)? = nil, start: NetworkWeights? = nil, folder: RunFolder,
        group: ProcessGroup? = nil
    ) {
        self.settings = settings
        self.graph = graph
        self.training = training
        self.validation = validation
        self.start = start
        self.folder = folder
        self.group = group
    }

    /// Runs to the last step, to an early stop, or until it is cancelled.
    ///
    /// - Parameters:
    ///   - resuming: goes on from `checkpoints/last`; without one there it begins. Without `resuming` a folder
    ///     that holds a checkpoint is refused. In a group only the first process reads and writes the folder.
    ///   - isCancelled: asked after every step and every validation batch; true saves and ends.
    ///   - report: gets every event on this thread; must be quick.
    /// - Throws: ``TrainingError`` and the engine's errors. The checkpoint written last stands whatever happens.
    public func run(
        resuming: Bool = false, isCancelled: @escaping () -> Bool = { false },
        on report: @escaping (TrainingEvent) -> Void = { _ in }
    ) throws -> TrainingReport {
        try settings.check(training: training, validation: validation)
        try TorchLibrary.open()
        try TorchLibrary.setThreads(threads)
        func work() throws -> TrainingReport {
            let loop = try TrainingLoop(self, resuming: resuming, isCancelled: isCancelled, report: report)
            return try loop.run()
        }
        return try group?.explained(work) ?? work()
    }

    /// Steps on vectors are too short to be shared out: two threads take several times as long as one.
    private var threads: Int {
        let all = Self.engineThreads
        return settings.threads ?? (training.inputShape.count == 1 ? 1 : all)
    }

    /// What the engine chose when this process first trained.
    private static let engineThreads = TorchLibrary.threads
}
