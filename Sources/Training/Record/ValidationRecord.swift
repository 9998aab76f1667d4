/// What one validation found.
public struct ValidationRecord: Sendable, Codable, Hashable {
    /// Steps taken before it.
    public var step: Int
    /// Epochs begun before it, from 1.
    public var epoch: Int
    public var images: Int
    public var loss: Double
    /// Mean of the defined ones of ``areas``; nil when none is.
    public var meanAUC: Double?
    /// Area under the ROC curve per label or class, uncertain ones left out; nil where only one kind occurs.
    public var areas: [Double?]
    /// Share of images whose highest score is their class; nil unless classes are learned.
    public var accuracy: Double?
    /// Of the step before.
    public var learningRate: Double
    /// Mean training loss since the validation before.
    public var trainingLoss: Double?

    public init(
        step: Int, epoch: Int, images: Int, loss: Double, meanAUC: Double? = nil, areas: [Double?] = [],
        accuracy: Double? = nil, learningRate: Double, trainingLoss: Double? = nil
    ) {
        self.step = step
        self.epoch = epoch
        self.images = images
        self.loss = loss
        self.meanAUC = meanAUC
        self.areas = areas
        self.accuracy = accuracy
        self.learningRate = learningRate
        self.trainingLoss = trainingLoss
    }
}
