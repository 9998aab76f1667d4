import DICOM
import Evaluation
import Foundation
import Imaging
import Inference
public import LightboxCore
import ModelRegistry
public import Serving
import WireFormats

/// Makes the cards of one model's answers.
public struct CardMaker: Sendable {
    /// The input that takes the bytes of an image.
    public static let inputName = "image_bytes"

    /// What is asked of the model for a card.
    public let extras: Extras
    private let model: AnswerCard.Model
    private let labels: [String]
    private let evidence: ModelEvidence
    private let output: ModelOutput
    private let engine: String
    private let lightbox: String
    private let own: ModelCases?
    /// How many of the nearest cases stand on a card.
    private static let nearestCount = 3

    /// - Parameters:
    ///   - loaded: computes the answers.
    ///   - version: in the registry; nil for a folder outside it.
    ///   - lightbox: this program's version.
    /// - Throws: ``CardError`` for a model that does not say enough of itself.
    public init(
        _ loaded: LoadedModel, name: String, version: String?, lightbox: String
    ) throws {
        guard let manifest = loaded.manifest, manifest.output.kind != .heatmap else {
            throw CardError(
                .unsupported, name, "cards are for models that were trained here and give scores",
                remedy: "Ask without a card.")
        }
        let folder = try ModelFolder(path: loaded.file.path, isVerified: false)
        evidence = ModelEvidence(manifest)
        output = manifest.output
        labels = manifest.output.labels + (manifest.output.hasExtraSlot ? ["none of these"] : [])
        model = AnswerCard.Model(
            name: name, version: version, sha256: folder.contentHash,
            manifest: try ContentHash(ofFile: folder.path + "/" + ModelManifest.fileName), files: manifest.files,
            preprocessing: manifest.preprocessing, temperature: output.temperature,
            created: manifest.provenance.created, data: manifest.data, evaluation: evidence.note,
            precision: loaded.precision.rawValue)
        self.lightbox = lightbox
        engine = "OpenVINO \((try? OpenVINOLibrary.version()) ?? "")"
        own = try ModelCases(folder)
        let offered = loaded.offeredExtras
        extras = offered.intersection([.labels, .heatmap, .embedding])
    }

    /// Cases that the model was made from, as far as its folder tells of them; nil where it does not.
    var ownCases: Int? { own?.count }

    /// The same for the same model with the same cases, thresholds and evaluation.
    public var identity: [ContentHash] { [model.sha256, model.manifest] + (own.map { [$0.sha256] } ?? []) }

    /// Asks the model and writes down the answer.
    ///
    /// - Parameters:
    ///   - image: the bytes of a PNG, a JPEG, a DICOM file or a `tf.Example`.
    ///   - cases: to hold the answer against.
    public func card(
        of image: Bytes, by loaded: LoadedModel, cases: KnownCases? = nil, reader: ImageReader = ImageReader(),
        deadline: ContinuousClock.Instant? = nil
    ) async throws -> AnswerCard {
        let input = ServedTensor(shape: [1], elements: .strings([image]))
        let outputs = try await loaded.predict(
            [Self.inputName: input], signature: ServedSignature.defaultName, extras: extras, isAlone: true,
            deadline: deadline)
        return try await blocking {
            var card = try card(of: image, outputs, row: 0, cases: cases, reader: reader)
            let nearest = card.answer.cases.map { cases?.paths(of: $0.nearest) ?? [] } ?? []
            card.pictures = AnswerCard.Pictures(
                try reader.keyedImage(image).0, heatmap: outputs["heatmap_png_bytes"]?.strings?.first,
                nearest: nearest,
                reader)
            return card
        }
    }

    /// Writes down an answer that has been computed by itself, with ``extras``.
    ///
    /// - Parameters:
    ///   - image: the bytes that were asked about.
    ///   - row: the answer's, among the outputs'.
    public func card(
        of image: Bytes, _ outputs: [String: ServedTensor], row: Int, cases: KnownCases? = nil, reader: ImageReader
    ) throws -> AnswerCard {
        guard let scores = outputs["scores"]?.row(row), case .float32(let values) = scores.elements,
            values.count == labels.count
        else { throw CardError(.invalidInput, model.name, "it gave no scores", remedy: "Ask without a card.") }
        let prediction = Prediction(labels: output.labels, scores: values, thresholds: output.thresholds)
        var answer = AnswerCard.Answer(
            image: try Self.seen(image), model: model,
            labels: zip(labels, values).map { said(of: $0, $1, prediction) })
        if let picture = outputs["heatmap_png_bytes"]?.strings?[row] {
            answer.heatmap = AnswerCard.Heatmap(
                label: labels[prediction.bestIndex], sha256: picture.withUnsafeBytes { ContentHash(of: $0) })
        }
        if case .float32(let vector)? = outputs["embedding"]?.row(row).elements {
            answer.novelty = try own.map { own in
                try own.novelty(
                    of: vector, appearance: own.takesAppearance ? reader.keyedImage(image).0.appearance() : nil)
            }
            answer.cases = try cases?.said(of: vector, count: Self.nearestCount)
        }
        // Whole seconds are what the file keeps.
        let time = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down))
        return try AnswerCard(answer, making: .init(time: time, lightbox: lightbox, engine: engine))
    }

    private func said(of label: String, _ score: Float, _ prediction: Prediction) -> AnswerCard.Label {
        let threshold = output.thresholds[label]
        let choosesBest = output.kind == .classes && output.thresholds.isEmpty
        let rates = evidence.rates(of: label)
        return AnswerCard.Label(
            label: label, score: score,
            isFound: choosesBest
                ? labels[prediction.bestIndex] == label : threshold.map { Double(score) >= $0 } ?? false,
            threshold: threshold, calibration: evidence.calibration(of: label, score: score),
            sensitivity: .init(rates?.sensitivity), specificity: .init(rates?.specificity))
    }

    // MARK: The image

    private static func seen(_ image: Bytes) throws -> AnswerCard.SeenImage {
        let kind = ImageFile.Format(of: image)
        var key = InstanceKey(fields: [])
        if kind == .dicom {
            let dataSet = try DICOMFile(bytes: image).dataSet
            let parts = [
                ("study", Tag.studyInstanceUID), ("series", .seriesInstanceUID), ("instance", .sopInstanceUID),
            ]
            key.fields = parts.compactMap { name, tag in dataSet.string(tag).map { .init(name, $0) } }
        } else if kind == nil, let example = try? Example(serialized: image) {
            key = example.imageKey
        }
        return AnswerCard.SeenImage(
            sha256: image.withUnsafeBytes { ContentHash(of: $0) }, bytes: image.count,
            kind: kind?.rawValue ?? "example",
            key: key.fields.map { .init(name: $0.name, value: $0.value) })
    }
}
