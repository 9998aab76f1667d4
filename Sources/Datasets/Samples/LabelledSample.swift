public import LightboxCore

/// How a chest film was taken, as far as models care.
public enum ViewKind: Int, Sendable, Codable, CaseIterable, Hashable {
    case frontal = 0
    case lateral = 1
    case other = 2

    public var name: String { ["frontal", "lateral", "other"][rawValue] }

    /// From `frontal`, `lateral`, `other`, a DICOM view position (`PA`, `AP`, `LL`, `LATERAL`, …), or the numbers
    /// 0, 1, 2; nil for an empty text. A position that is neither frontal nor lateral is ``other``.
    public init?(_ text: String) {
        switch text.uppercased() {
        case "": return nil
        case "FRONTAL", "PA", "AP", "0": self = .frontal
        case "LATERAL", "LL", "RL", "1": self = .lateral
        default: self = .other
        }
    }
}

/// What part of a data set an image belongs to.
public enum DataSplit: Int, Sendable, Codable, CaseIterable, Hashable {
    case train = 0
    case valid = 1
    case test = 2

    public var name: String { ["train", "valid", "test"][rawValue] }

    /// From the names in use (`train`, `training`; `valid`, `validate`, `validation`, `val`, `eval`; `test`) or
    /// the numbers 0, 1, 2; nil for anything else.
    public init?(_ text: String) {
        switch text.lowercased() {
        case "train", "training", "0": self = .train
        case "valid", "validate", "validation", "val", "eval", "evaluation", "dev", "1": self = .valid
        case "test", "testing", "2": self = .test
        default: return nil
        }
    }
}

/// Where a sample's numbers come from.
public enum SampleSource: Sendable, Hashable {
    /// An image file.
    case file(path: String)
    /// A picture or a vector in a record, whose bytes begin at `offset`.
    case record(path: String, offset: Int, length: Int)
    /// An image file and the file of its heat map.
    case pair(image: String, heatmap: String)
    /// A made picture of its own number.
    case generated(number: Int)

    /// What a report calls the sample: `image.jpg`, `shard.tfrecord@1024`.
    public var name: String {
        switch self {
        case .file(let path): path
        case .record(let path, let offset, _): "\(path)@\(offset - 12)"
        case .pair(let image, _): image
        case .generated(let number): "generated \(number)"
        }
    }
}

/// One image of a data set with what is known of it.
public struct LabelledSample: Sendable, Hashable {
    public let key: InstanceKey
    public let source: SampleSource
    /// One per label of a set of kind `states`; empty otherwise.
    public let states: [LabelState]
    /// Of a set of kind `classes`; nil when the image has no label.
    public let classIndex: Int?
    /// Who was imaged, as the data set calls them; nil when it does not say.
    public let patient: String?
    public let study: String?
    public let view: ViewKind?
    public let split: DataSplit?
}
