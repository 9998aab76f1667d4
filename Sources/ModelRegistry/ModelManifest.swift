public import Foundation
public import LightboxCore
public import WireFormats

/// Everything that is known of one version of a model: the content of its `model.json`.
///
/// Fields that a later Lightbox adds are passed over; a later ``format`` is refused.
public struct ModelManifest: Sendable, Codable, Equatable {
    /// The format that this build writes, and the latest that it reads.
    public static let currentFormat = 1

    public var format = ModelManifest.currentFormat
    public var name: String
    public var description: String
    public var architecture: ModelArchitecture
    /// Filled in when the folder is written from a graph.
    public var signature: ModelSignature
    /// How an image becomes the input.
    public var preprocessing: Preprocessing
    public var output: ModelOutput
    /// What evaluation found, by whatever names it uses.
    public var metrics: JSONValue?
    /// The settings that the model was trained with.
    public var training: JSONValue?
    public var data: DataFingerprint?
    public var provenance: Provenance
    /// Every other file of the folder. Filled in when the folder is written.
    public var files: [HashedFile]

    /// What a model was trained on, without saying who is in it.
    public struct DataFingerprint: Sendable, Codable, Hashable {
        /// Over the keys, labels and splits of all samples.
        public var sha256: ContentHash
        /// Samples by split.
        public var counts: [String: Int]

        public init(sha256: ContentHash, counts: [String: Int]) {
            self.sha256 = sha256
            self.counts = counts
        }
    }

    /// Who made the model, when, and with what.
    public struct Provenance: Sendable, Codable, Hashable {
        /// Lightbox's version.
        public var lightbox: String
        public var created: Date
        /// As the user wants to be known; empty for nobody.
        public var creator: String
        /// Of the weight file that training started from.
        public var pretrainedWeights: ContentHash?

        public init(lightbox: String, created: Date, creator: String = "", pretrainedWeights: ContentHash? = nil) {
            self.lightbox = lightbox
            self.created = created
            self.creator = creator
            self.pretrainedWeights = pretrainedWeights
        }
    }

    public init(
        name: String, description: String = "", architecture: ModelArchitecture, preprocessing: Preprocessing,
        output: ModelOutput, provenance: Provenance
    ) {
        self.name = name
        self.description = description
        self.architecture = architecture
        self.signature = ModelSignature()
        self.preprocessing = preprocessing
        self.output = output
        self.provenance = provenance
        self.files = []
    }
}
