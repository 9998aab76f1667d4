public import LightboxCore

/// One public file of pretrained weights.
public struct WeightsFile: Sendable, Hashable {
    /// What its publisher says of the file's content.
    public enum Integrity: Sendable, Hashable {
        case checksum(Checksum)
        /// Keras states no digest for this file. It is checked for its length and for being HDF5, and its
        /// SHA-256 is reported, to be given as `pinned` the next time.
        case unpublished
    }

    /// The terms on which its publisher gives the weights, as the Keras documentation names them.
    public enum Licence: String, Sendable {
        case mit = "MIT"
        case apache = "Apache-2.0"
        case bsd = "BSD-3-Clause"
    }

    /// The network's name as in ``WeightsCatalogue``, `mobilenet_v2_0.35`.
    public let network: String
    /// Side of the square pictures that it was trained on.
    public let inputSize: Int
    /// Whether the layer of ImageNet's 1,000 classes is in the file. Features need it not.
    public let hasTop: Bool
    public let fileName: String
    /// The folder of the file on the server, `xception`.
    let folder: String
    public let integrity: Integrity
    public let licence: Licence

    /// Where its publisher keeps it.
    public var url: String { url(below: WeightsCatalogue.publisher) }

    /// Where a mirror with the publisher's folders keeps it.
    public func url(below base: String) -> String {
        (base.hasSuffix("/") ? String(base.dropLast()) : base) + "/\(folder)/\(fileName)"
    }
}
