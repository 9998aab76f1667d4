public import ArgumentParser
public import DICOM
public import Features
public import LightboxCore
public import Networks
public import Pipelines
public import Warehouse

// How the library's values are written on the command line. Where a type is spelt by its raw value, the conformance
// alone is enough.

extension ExportStage.Format: ExpressibleByArgument {}
extension Pooling: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
extension Preprocessing.Resampling: ExpressibleByArgument {}
extension Preprocessing.Scaling: ExpressibleByArgument {}
extension QueryFormat: ExpressibleByArgument {}
extension RecordsStage.Encoding: ExpressibleByArgument {}
extension WindowChoice: ExpressibleByArgument {}

extension FrameChoice: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
    public var defaultValueDescription: String { "all" }
}

extension ImageShape: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}
