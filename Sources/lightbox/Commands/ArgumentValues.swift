public import Analysis
public import ArgumentParser
public import DICOM
public import Datasets
public import Evaluation
public import Features
public import LightboxCore
public import Networks
public import Pipelines
public import Torch
public import Training
public import Warehouse

// How the library's values are written on the command line. Where a type is spelt by its raw value, the conformance
// alone is enough.

extension BatchSettings.Sampling: ExpressibleByArgument {}
extension Ensemble: ExpressibleByArgument {}
extension ExportStage.Format: ExpressibleByArgument {}
extension GaussianMixture.Covariance: ExpressibleByArgument {}
extension HeatmapLoss: ExpressibleByArgument {}
extension Monitor: ExpressibleByArgument {}
extension OptimizerSettings.Kind: ExpressibleByArgument {}
extension Pooling: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
extension Preprocessing.Resampling: ExpressibleByArgument {}
extension QueryFormat: ExpressibleByArgument {}
extension RecordsStage.Encoding: ExpressibleByArgument {}
extension TrainingPrecision: ExpressibleByArgument {}
extension UncertainHandling: ExpressibleByArgument {}
extension WindowChoice: ExpressibleByArgument {}

extension Preprocessing.Scaling: ExpressibleByArgument {
    /// `zero-to-one`, as options are written; the spelling of manifests is taken as well.
    public init?(argument: String) {
        let known = Self.allCases.first { [$0.word, $0.rawValue].contains(argument) }
        guard let known else { return nil }
        self = known
    }

    public static var allValueStrings: [String] { allCases.map(\.word) }
    public var defaultValueDescription: String { word }

    private var word: String {
        switch self {
        case .none: "none"
        case .zeroToOne: "zero-to-one"
        case .minusOneToOne: "minus-one-to-one"
        case .imageNetStandardised: "imagenet-standardised"
        case .caffe: "caffe"
        }
    }
}

extension FrameChoice: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public var defaultValueDescription: String { "all" }
}

extension ImageShape: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension ViewKind: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public var defaultValueDescription: String { name }
}

extension DataSplit: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public var defaultValueDescription: String { name }
}

extension OperatingPoint.Rule: ExpressibleByArgument {
    /// `youden`, `sensitivity=0.9`, `specificity=0.9`, or a threshold.
    public init?(argument: String) {
        if argument == "youden" {
            self = .youden
            return
        }
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        guard let last = parts.last, let number = Double(last), (0...1).contains(number) else { return nil }
        switch (parts.count, parts[0]) {
        case (2, "sensitivity"): self = .sensitivity(number)
        case (2, "specificity"): self = .specificity(number)
        case (1, _): self = .threshold(number)
        default: return nil
        }
    }
}
