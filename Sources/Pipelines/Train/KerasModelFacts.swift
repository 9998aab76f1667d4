public import Datasets
import Foundation
public import LightboxCore

/// What a whole Keras model's file does not say: what its scores are called and how its images were prepared.
public struct KerasModelFacts: Sendable, Hashable, Codable {
    /// In the order of the scores.
    public var labels: LabelSet?
    /// Whether the labels are mere names, and the model's last step decides what they mean: sigmoid each by itself,
    /// softmax one of them.
    public var areLabelsNames = false
    /// What the pixels were turned into in training; not needed where the model begins with that.
    public var scaling: Preprocessing.Scaling?
    /// For models that leave their input's size open.
    public var shape: ImageShape?

    public init() {}

    /// - Parameter labels: `chexpert14`, a YAML file, a `dict.txt`, or names with commas between them.
    /// - Throws: ``DatasetError`` for a list that cannot be read.
    public init(
        labels: String?, scaling: Preprocessing.Scaling? = nil, shape: ImageShape? = nil
    ) throws {
        self.scaling = scaling
        self.shape = shape
        guard let labels else { return }
        let isList = labels.contains(",") && !FileManager.default.fileExists(atPath: labels)
        areLabelsNames = isList || labels.lowercased().hasSuffix(".txt")
        guard isList else {
            self.labels = try LabelSet.named(labels)
            return
        }
        let names = labels.split(separator: ",", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        self.labels = try LabelSet(name: "labels", kind: .classes, names: names)
    }

    var isEmpty: Bool { self == KerasModelFacts() }
}
