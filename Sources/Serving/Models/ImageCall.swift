import Foundation
import Imaging
import Inference
import LightboxCore
import ModelRegistry

/// A model of images, called with one of the forms in which these come.
struct ImageCall: ServedCall {
    enum Form: String, CaseIterable {
        /// PNG, JPEG or DICOM bytes, or a `tf.Example` with an image, whose keys are handed through.
        case bytes
        /// Where they are.
        case url
        /// Display values 0...255 of any size.
        case pixels
        /// The network's own input, scaled.
        case tensor

        var inputName: String {
            switch self {
            case .bytes: "image_bytes"
            case .url: "image_url"
            case .pixels: "pixels"
            case .tensor: "image"
            }
        }
    }

    static let keyName = "key"

    let signature: ServedSignature
    var offeredExtras: Extras { model.offeredExtras }
    var batcher: MicroBatcher { model.engine.batcher }
    var laterMemory: Int { form == .bytes ? model.explainer?.memory ?? 0 : 0 }
    private let form: Form
    private let model: FolderModel

    init(form: Form, model: FolderModel) {
        self.form = form
        self.model = model
        let preprocessing = model.preprocessing
        let input =
            switch form {
            case .bytes, .url: ServedPort(name: form.inputName, type: .string, shape: [nil])
            case .pixels: ServedPort(name: form.inputName, type: .float32, shape: [nil, nil, nil, nil])
            case .tensor:
                ServedPort(
                    name: form.inputName, type: .float32,
                    shape: [nil, preprocessing.height, preprocessing.width, preprocessing.channels])
            }
        let key = ServedPort(name: ImageCall.keyName, type: .string, shape: [nil], isOptional: true)
        signature = ServedSignature(
            name: form == .bytes ? ServedSignature.defaultName : form.rawValue, inputs: [input, key],
            outputs: ImageCall.outputs(model.output, preprocessing) + [key])
    }

    private static func outputs(_ output: ModelOutput, _ preprocessing: Preprocessing) -> [ServedPort] {
        let scores = ServedPort(name: "scores", type: .float32, shape: [nil, output.scoreCount])
        switch output.kind {
        case .classes: return [ServedPort(name: "prediction", type: .int64, shape: [nil]), scores]
        case .states: return [scores]
        case .heatmap:
            let shape = [nil, preprocessing.height, preprocessing.width, 1]
            return [ServedPort(name: "heatmap", type: .float32, shape: shape)]
        }
    }

    func predict(
        _ inputs: [String: ServedTensor], rows: Int, extras: Extras, isAlone: Bool,
        deadline: ContinuousClock.Instant?
    ) async throws -> [String: ServedTensor] {
        guard let input = inputs[form.inputName] else { throw signature.missing(signature.inputs[0]) }
        var outputs: [String: ServedTensor]
        switch form {
        case .tensor:
            outputs = try await model.outputs(
                NDArray(shape: input.shape, values: input.tensor?.array.values ?? []), extras: extras,
                isAlone: isAlone, deadline: deadline)
        case .pixels:
            outputs = try await model.outputs(
                try await prepared(pixels: input), extras: extras, isAlone: isAlone, deadline: deadline)
        case .bytes, .url:
            outputs = try await RowWise.each(rows, field: form.inputName) { row in
                guard let value = input.strings?[row] else { return [:] }
                let bytes = form == .url ? try await fetch(value) : value
                let (image, key) = try await prepared(bytes)
                var outputs = try await model.outputs(
                    image, extras: extras, isAlone: isAlone, deadline: deadline)
                for field in key.fields { outputs[field.name] = ServedTensor([field.value]) }
                return outputs
            }
        }
        if let key = inputs[ImageCall.keyName] { outputs[ImageCall.keyName] = key }
        return outputs
    }

    // MARK: Images

    /// Decodes and prepares one image; a thread that may take its time does it.
    ///
    /// - Returns: also who the image is, where an Example says it.
    private func prepared(_ bytes: Bytes) async throws -> (NDArray, InstanceKey) {
        let (reader, preprocessing) = (model.settings.images, model.preprocessing)
        return try await blocking {
            let (image, key) = try reader.keyedImage(bytes)
            let array = preprocessing.apply(to: image)
            return (NDArray(shape: [1] + array.shape, values: array.values), key)
        }
    }

    /// Resizes and scales pixels that came as numbers.
    private func prepared(pixels: ServedTensor) async throws -> NDArray {
        guard case .float32(let values) = pixels.elements, [1, 3, 4].contains(pixels.shape[3]) else {
            throw ServingError(
                .wrongShape, field: form.inputName, "there are \(pixels.shape[3]) channels",
                remedy: "Send height × width × 1 or 3 values of 0 to 255.")
        }
        let (rows, height, width, channels) = (pixels.shape[0], pixels.shape[1], pixels.shape[2], pixels.shape[3])
        let size = height * width * channels
        let preprocessing = model.preprocessing
        return try await blocking {
            var prepared: [Float] = []
            prepared.reserveCapacity(rows * preprocessing.count)
            for row in 0..<rows {
                // 16 bits keep fractions of a grey value, which averaged pictures have.
                let samples = values[(row * size)..<((row + 1) * size)].map { value -> UInt16 in
                    UInt16(max(0, min(65535, (value * 257).rounded())))
                }
                let image = Image(width: width, height: height, channels: channels, samples: .uint16(samples))
                prepared += preprocessing.apply(to: image).values
            }
            let shape = [rows, preprocessing.height, preprocessing.width, preprocessing.channels]
            return NDArray(shape: shape, values: prepared)
        }
    }

    private func fetch(_ url: Bytes) async throws -> Bytes {
        guard let remote = model.settings.remoteImages else {
            throw ServingError(
                .remoteImagesRefused, field: form.inputName, "this server fetches no images",
                remedy: "Send the image's bytes, or ask for an allow-list of addresses.")
        }
        let text = url.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        return try await remote.bytes(at: text, limit: model.settings.images.maximumBytes)
    }
}
