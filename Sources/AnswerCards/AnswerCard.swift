public import Foundation
public import LightboxCore
public import ModelRegistry

/// All that can be said of one answer of a model: what was asked, who answered, how far the answer can be taken at its
/// word, and what is known of like cases.
///
/// ``answer`` depends on nothing but the image, the model and the known cases, so it can be computed again to the same
/// bytes; ``sha256`` is theirs. The rest of the card tells of the moment.
public struct AnswerCard: Sendable, Codable, Equatable {
    /// The format that this build writes, and the latest that it reads.
    public static let currentFormat = 1

    public var format = AnswerCard.currentFormat
    /// Of ``answer`` as ``Answer/serialized()`` writes it.
    public var sha256: ContentHash
    public var answer: Answer
    public var making: Making
    /// Whether the images of late are like those that the model was made from; nil where nobody watches.
    public var drift: Drift?
    /// nil in a card that travels beside the answer.
    public var pictures: Pictures?

    public init(_ answer: Answer, making: Making, pictures: Pictures? = nil) throws {
        sha256 = ContentHash(of: try answer.serialized())
        self.answer = answer
        self.making = making
        self.pictures = pictures
    }

    public struct Answer: Sendable, Codable, Equatable {
        public var image: SeenImage
        public var model: Model
        /// In the model's order; of a model of classes with a slot for none of them, one more.
        public var labels: [Label]
        public var heatmap: Heatmap?
        /// How strange the image is; nil for a model that knows nothing of the cases it was made from.
        public var novelty: Novelty?
        /// What is known of like cases; nil where none are attached to the model.
        public var cases: Cases?
    }

    /// The image that was asked about.
    public struct SeenImage: Sendable, Codable, Equatable {
        /// Of the file's bytes.
        public var sha256: ContentHash
        public var bytes: Int
        /// `dicom`, `png`, `jpeg`; `example` for a `tf.Example` that holds it.
        public var kind: String
        /// Who it is, as far as the file says it: UIDs of a DICOM file, the key of an Example.
        public var key: [KeyField]
    }

    public struct KeyField: Sendable, Codable, Equatable {
        public var name: String
        public var value: String
    }

    /// Who answered.
    public struct Model: Sendable, Codable, Equatable {
        /// In the registry, or of the folder.
        public var name: String
        /// In the registry; nil for a folder outside it.
        public var version: String?
        /// Of the file that computes.
        public var sha256: ContentHash
        /// Of `model.json`: labels, preprocessing, thresholds, temperature, evaluation.
        public var manifest: ContentHash
        public var files: [HashedFile]
        public var preprocessing: Preprocessing
        public var temperature: Double?
        public var created: Date
        /// What it was trained on.
        public var data: ModelManifest.DataFingerprint?
        public var evaluation: EvaluationNote?
        /// `f32` or `bf16`.
        public var precision: String
    }

    /// The images that the model was judged on.
    public struct EvaluationNote: Sendable, Codable, Equatable {
        public var dataSet: String
        public var cases: Int
        public var patients: Int?
    }

    /// A share with its interval.
    public struct Proportion: Sendable, Codable, Equatable {
        public var value: Double
        public var lower: Double
        public var upper: Double
        /// Coverage of the interval.
        public var level: Double
    }

    /// What is said of one label.
    public struct Label: Sendable, Codable, Equatable {
        public var label: String
        /// After the model's temperature.
        public var score: Float
        public var isFound: Bool
        /// From which score on the label counts as found; nil where the highest score does.
        public var threshold: Double?
        public var calibration: Calibration?
        /// Of the rule that made ``isFound``, on the evaluation's images.
        public var sensitivity: Proportion?
        public var specificity: Proportion?
    }

    /// The calibrated probability: how often the label was true among the evaluation's cases with such a score
    /// (histogram binning, Zadrozny and Elkan 2001), with Wilson's interval.
    public struct Calibration: Sendable, Codable, Equatable {
        public var probability: Proportion
        /// Scores of those cases.
        public var from: Double
        public var to: Double
        public var cases: Int
        public var positives: Int
    }

    /// Where in the image the score of a label comes from.
    public struct Heatmap: Sendable, Codable, Equatable {
        public var label: String
        /// Of the picture's bytes.
        public var sha256: ContentHash
    }

    public struct Cases: Sendable, Codable, Equatable {
        public var table: String
        /// Of their ids and vectors.
        public var sha256: ContentHash
        public var count: Int
        /// The nearest first.
        public var nearest: [Known]
    }

    public struct Known: Sendable, Codable, Equatable {
        public var id: String
        /// The cosine of the angle between the two vectors.
        public var similarity: Float
        public var labels: [String]
    }

    /// How strange the image is among the cases that the model was made from.
    public struct Novelty: Sendable, Codable, Equatable {
        /// Share of those cases that are at least as strange: a conformal p-value.
        public var pValue: Double
        /// The same of the picture's look alone, its brightness and sharpness, which features hardly see; nil where it is not
        /// known of the model's cases.
        public var appearance: Double?
        /// Up to it an image counts as strange, so that this share of the model's own cases would.
        public var level: Double
        public var isStrange: Bool
        /// Cases of the model.
        public var cases: Int
        /// Of the file that describes them.
        public var sha256: ContentHash
    }

    /// Whether the latest images, taken together, are like the known cases.
    public struct Drift: Sendable, Codable, Equatable {
        /// Images that were looked at.
        public var images: Int
        /// The statistic of Shiryaev and Roberts over the images' p-values; ``alarmsEvery`` raises the alarm.
        public var evidence: Double
        /// Images to a false alarm in the mean, at least.
        public var alarmsEvery: Int
        public var isDrifting: Bool

        public init(images: Int, evidence: Double, alarmsEvery: Int, isDrifting: Bool) {
            self.images = images
            self.evidence = evidence
            self.alarmsEvery = alarmsEvery
            self.isDrifting = isDrifting
        }
    }

    /// When and with what the card was made.
    public struct Making: Sendable, Codable, Equatable {
        public var time: Date
        public var lightbox: String
        public var engine: String

        public init(time: Date, lightbox: String, engine: String) {
            self.time = time
            self.lightbox = lightbox
            self.engine = engine
        }
    }

    /// PNG files.
    public struct Pictures: Sendable, Codable, Equatable {
        /// What the model was asked about, as a display shows it.
        public var image: Data
        /// The heat map, to be laid over it.
        public var heatmap: Data?
        /// The nearest known cases, small; nil for one whose picture is not at hand.
        public var nearest: [Data?]
    }
}
