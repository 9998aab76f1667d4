public import LightboxCore

/// Why a number does not exist for these cases. It stands where the number would have stood: a metric that
/// is not defined is never reported as 0, 0.5 or NaN.
public enum Undefined: String, Failure, Codable, CaseIterable {
    case noCases = "there is no case"
    case noPositives = "there is no positive case"
    case noNegatives = "there is no negative case"
    case singlePositive = "there is one positive case only, and a variance needs two"
    case singleNegative = "there is one negative case only, and a variance needs two"
    case singleCluster = "all cases are of one patient"
    case singleClass = "all cases are of one class"
    case notFinite = "a score is not a finite number"
    case notProbabilities = "a score lies outside 0...1"
    case nothingPredictedPositive = "no case is predicted positive"
    case nothingPredictedNegative = "no case is predicted negative"
    case neitherTrueNorPredicted = "no case is positive, and none is predicted positive"
    case constantPrediction = "the prediction or the truth is the same for all cases"
    case chanceIsPerfect = "agreement by chance is already complete"
    case noVariance = "the estimated variance is zero"
    case identicalRanking = "both models rank the cases alike"
    case atTheBoundary = "the estimate is 0 or 1, which has no logit"
    case noSuchThreshold = "no score of the cases reaches the target as a threshold"
    case separated = "the scores separate the classes, so the best temperature is zero"
    case notInformative = "the scores do not rise with the truth, so no positive temperature is best"
    case noConvergence = "the fit did not converge"
    case undefinedReplicates = "more than one bootstrap replicate in twenty lacks a class"
    case oneSidedReplicates = "all bootstrap replicates lie on one side of the estimate"
    case differentCases = "the two models were not given the same cases"
    case noDefinedLabel = "it is defined for none of the labels"

    public var kind: FailureKind { .invalidInput }
    public var description: String { rawValue }
}
