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
extension HeatmapLoss: ExpressibleByArgument {}
extension Monitor: ExpressibleByArgument {}
extension OptimizerSettings.Kind: ExpressibleByArgument {}
extension Pooling: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
extension Preprocessing.Resampling: ExpressibleByArgument {}
extension Preprocessing.Scaling: ExpressibleByArgument {}
extension QueryFormat: ExpressibleByArgument {}
extension RecordsStage.Encoding: ExpressibleByArgument {}
extension TrainingPrecision: ExpressibleByArgument {}
extension UncertainHandling: ExpressibleByArgument {}
extension WindowChoice: ExpressibleByArgument {}

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
