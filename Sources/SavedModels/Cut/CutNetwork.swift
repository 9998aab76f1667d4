import Foundation
public import LightboxCore
import WireFormats

/// The network of a SavedModel, from the first tensor of numbers on: what OpenVINO is to compile.
public struct CutNetwork: Sendable {
    /// An input or output.
    public struct Port: Sendable, Equatable {
        /// For an output the signature's name; for an input that name where the request gives the tensor itself.
        public let name: String
        /// What the written model calls it. Several outputs that are one tensor share a port.
        public let port: String
        /// As computed by the network. Types that OpenVINO's C interface does not carry are cast inside: fractions to
        /// float32, truths to uint8, short integers to int32.
        public let type: DataType
        /// For an input as learned by running the part before the network; for an output as the signature declares.
        public let shape: PartialShape
        /// Whether the first dimension counts the images of a batch.
        public let isBatched: Bool
    }

    public let inputs: [Port]
    public let outputs: [Port]
    /// A `saved_model.pb` with one signature, `serving_default`, that has these ports.
    public let graph: Bytes
    /// Where the variables are that belong to it.
    public let source: String

    /// Writes a SavedModel folder that OpenVINO reads: the graph, and links to the variables. Nothing reads the
    /// folder after the model is compiled.
    ///
    /// - Parameter folder: made if it is not there.
    public func write(to folder: String) throws {
        let files = FileManager.default
        let target = folder + "/variables"
        try files.createDirectory(atPath: target, withIntermediateDirectories: true)
        let graph = self.graph.withUnsafeBytes { Data($0) }
        try graph.write(to: URL(fileURLWithPath: folder + "/saved_model.pb"))
        let variables = URL(fileURLWithPath: source).standardizedFileURL.path + "/variables"
        for name in (try? files.contentsOfDirectory(atPath: variables)) ?? [] {
            let link = target + "/" + name
            try? files.removeItem(atPath: link)
            try files.createSymbolicLink(atPath: link, withDestinationPath: variables + "/" + name)
        }
    }
}

extension DataType {
    /// What stands for this type at the network's border; nil for one that has no numbers.
    var carried: DataType? {
        switch self {
        case .float, .double, .half, .bfloat16: .float
        case .uint8, .bool: .uint8
        case .int32, .int16, .int8, .uint16: .int32
        case .int64, .uint32, .uint64: .int64
        default: nil
        }
    }
}
