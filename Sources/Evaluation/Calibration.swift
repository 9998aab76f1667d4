/// How far probabilities can be taken at their word.
public struct Calibration: Sendable, Hashable, Codable {
    /// The mean squared difference of probability and truth.
    public let brier: Double
    public let logLoss: Double
    public let decomposition: BrierDecomposition
    public let equalWidth: ReliabilityDiagram
    public let equalMass: ReliabilityDiagram

    private enum CodingKeys: String, CodingKey {
        case brier
        case logLoss = "log_loss"
        case decomposition
        case equalWidth = "equal_width"
        case equalMass = "equal_mass"
    }

    /// - Parameters:
    ///   - probabilities: of being positive, 0...1.
    ///   - bins: of both diagrams.
    ///   - level: of the intervals of the observed frequencies.
    public init(
        probabilities: [Double], truths: [Bool], bins: Int = 10, level: Double = 0.95
    ) throws(Undefined) {
        brier = try ProbabilityLoss.brier(probabilities: probabilities, truths: truths)
        logLoss = try ProbabilityLoss.logLoss(probabilities: probabilities, truths: truths)
        equalWidth = try ReliabilityDiagram(
            probabilities: probabilities, truths: truths, binning: .equalWidth, bins: bins, level: level)
        equalMass = try ReliabilityDiagram(
            probabilities: probabilities, truths: truths, binning: .equalMass, bins: bins, level: level)
        decomposition = BrierDecomposition(brier: brier, diagram: equalWidth)
    }
}

/// Murphy's parts of the Brier score (1973), over the bins of a diagram:
/// `brier = reliability - resolution + uncertainty + withinBins`.
public struct BrierDecomposition: Sendable, Hashable, Codable {
    /// The mean squared distance of a bin's probability from what was observed in it: 0 is best.
    public let reliability: Double
    /// The mean squared distance of what was observed in a bin from the overall frequency: larger is better.
    public let resolution: Double
    /// The variance of the truth itself.
    public let uncertainty: Double
    /// What comes of probabilities that differ inside a bin (Stephenson et al. 2008).
    public let withinBins: Double

    private enum CodingKeys: String, CodingKey {
        case reliability, resolution, uncertainty
        case withinBins = "within_bins"
    }

    init(brier: Double, diagram: ReliabilityDiagram) {
        let count = Double(diagram.bins.reduce(0) { $0 + $1.count })
        let frequency = Double(diagram.bins.reduce(0) { $0 + $1.positives }) / count
        func mean(_ square: (ReliabilityBin) -> Double) -> Double {
            diagram.bins.sum { Double($0.count) * square($0) * square($0) } / count
        }
        reliability = mean { $0.meanProbability - $0.observed }
        resolution = mean { $0.observed - frequency }
        uncertainty = frequency * (1 - frequency)
        withinBins = brier - (reliability - resolution + uncertainty)
    }
}
