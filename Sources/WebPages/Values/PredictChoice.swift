import Foundation
public import ModelRegistry
public import Serving
import WireFormats

/// A version that the page for predictions offers, and what it needs to know to show its answers.
public struct PredictChoice: Sendable, Equatable {
    public var model: String
    /// Of the model's versions; nil for the default one, whichever that is.
    public var version: String?
    /// The input that takes the bytes of an image.
    public var input: String
    /// The names of the scores; empty where nobody knows.
    public var labels: [String]
    /// By label: from which score on it counts as found.
    public var thresholds: [String: Double]
    /// Whether the labels exclude one another.
    public var isExclusive: Bool
    /// What is asked for beside the scores: `labels`, `heatmap`, `card`, `nearest`. What the model refuses is left out then.
    public var extras: [String]

    public init(
        model: String, version: String? = nil, input: String = "image_bytes", labels: [String] = [],
        thresholds: [String: Double] = [:], isExclusive: Bool = false, extras: [String] = []
    ) {
        self.model = model
        self.version = version
        self.input = input
        self.labels = labels
        self.thresholds = thresholds
        self.isExclusive = isExclusive
        self.extras = extras
    }

    /// A version with a `model.json`, which says what its numbers mean.
    ///
    /// - Parameter hasCases: whether a table of known cases is attached, so that the nearest can be asked for.
    public init(model: String, version: String? = nil, _ output: ModelOutput, hasCases: Bool = false) {
        self.init(
            model: model, version: version, labels: output.labels, thresholds: output.thresholds,
            isExclusive: output.kind == .classes,
            extras: (output.kind == .heatmap ? ["heatmap"] : ["labels", "heatmap", "card"])
                + (hasCases ? ["nearest"] : [])
        )
    }

    /// A version of another kind; nil for one that does not take a single input of strings.
    public init?(model: String, version: String? = nil, _ signature: ServedSignature) {
        guard let input = signature.soleInput, input.type == .string else { return nil }
        self.init(model: model, version: version, input: input.name)
    }

    /// What `predict.js` reads, one line of JSON.
    var json: String {
        let object = JSONValue.object([
            JSONMember("model", .string(model)),
            JSONMember("version", version.map { .string($0) } ?? .null),
            JSONMember("url", .string(url)),
            JSONMember("input", .string(input)),
            JSONMember("labels", .array(labels.map { .string($0) })),
            JSONMember(
                "thresholds",
                .object(
                    thresholds.filter(\.value.isFinite).sorted { $0.key < $1.key }.map {
                        JSONMember($0.key, .number($0.value))
                    })),
            JSONMember("isExclusive", .bool(isExclusive)),
            JSONMember("extras", .array(extras.map { .string($0) })),
        ])
        return String(decoding: (try? object.serialized()) ?? [], as: UTF8.self)
    }

    private var url: String {
        let path = version.map { PagePath.version($0, of: model) } ?? PagePath.model(model)
        return PagePath.call(path) + ":predict"
    }
}
