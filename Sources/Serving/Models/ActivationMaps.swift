import Features
import Foundation
import Imaging
import Inference
package import LightboxCore
package import ModelRegistry
import Networks
import WireFormats

/// Where in an image each of a classifier's scores comes from (class activation mapping, Zhou et al. 2016,
/// arXiv:1512.04150), computed while the calling thread waits: for pipelines with threads of their own.
package struct ActivationMaps: Sendable {
    private let kernel: NDArray
    private let model: CompiledModel
    private let layout: ImageLayout
    private let preprocessing: Preprocessing

    /// Compiles the model once more, with its last feature map as an output.
    ///
    /// - Returns: nil for a model whose scores have no place: one that is no ONNX file, or does not end in a global
    ///   average pooling and a dense layer.
    package init?(_ folder: ModelFolder, threads: Int) throws {
        guard folder.modelPath.lowercased().hasSuffix(".onnx") else { return nil }
        try ONNXCheck.check(folder.modelPath)
        let onnx = try Bytes(MappedFile(path: folder.modelPath)).withUnsafeBytes { try ONNXModel(bytes: $0) }
        guard let ending = ClassifierEnding(onnx), ending.map != nil else { return nil }
        let opened = Bytes(try ending.opened(onnx).serialized())
        let options = CompiledModel.Options(batch: 1, streams: threads, threads: threads)
        model = try CompiledModel(.onnx(opened, name: folder.modelPath), options: options)
        kernel = ending.kernel
        preprocessing = folder.manifest.preprocessing
        layout = try ImageLayout(
            model.inputs, batch: 1, preprocessing: preprocessing, model: folder.manifest.name)
    }

    /// The maps of some scores, `[rows, columns]` of the network's last feature map, brought to 0...1: what speaks
    /// against a label counts as 0, the strongest place is 1.
    ///
    /// - Parameter scores: their places among the model's.
    package func maps(of scores: [Int], in image: Image) throws -> [NDArray] {
        let input = preprocessing.apply(to: image)
        let outputs = try model.run([layout.tensor(NDArray(shape: [1] + input.shape, values: input.values))])
        let features = outputs[2].array
        return scores.map { score in
            var map = features.activation(image: 0, score: score, kernel: kernel)
            let highest = max(map.values.max() ?? 0, .leastNormalMagnitude)
            for index in map.values.indices { map.values[index] = max(0, map.values[index] / highest) }
            return map
        }
    }
}

extension NDArray {
    /// The sum of an image's feature maps, `[n, channels, rows, columns]`, each times its weight for a score.
    ///
    /// - Parameter kernel: of the last layer, `[channels, scores]`.
    func activation(image: Int, score: Int, kernel: NDArray) -> NDArray {
        let (channels, rows, columns) = (shape[1], shape[2], shape[3])
        let area = rows * columns
        var map = NDArray(shape: [rows, columns])
        for channel in 0..<channels {
            let weight = kernel.values[channel * kernel.shape[1] + score]
            let start = (image * channels + channel) * area
            for place in 0..<area { map.values[place] += weight * values[start + place] }
        }
        return map
    }
}
