import Foundation
import Inference
import LightboxCore
import Networks

extension FeatureModel {
    /// The model, called otherwise in errors and in the provenance.
    func named(_ name: String) -> FeatureModel {
        FeatureModel(renaming: self, name: name, source: source, onnx: onnx)
    }

    /// The model with the values before its last softmax or sigmoid as its output; nil where that is not the first
    /// output's last step, or the file is no ONNX.
    func withoutLastActivation() throws -> FeatureModel? {
        guard let onnx else { return nil }
        let model = try onnx.withUnsafeBytes { try ONNXModel(bytes: $0) }
        guard let opened = model.withoutLastActivation() else { return nil }
        let bytes = Bytes(try opened.serialized())
        return FeatureModel(renaming: self, name: name, source: .onnx(bytes, name: name), onnx: bytes)
    }

    private init(renaming model: FeatureModel, name: String, source: ModelSource, onnx: Bytes?) {
        self.name = name
        self.preprocessing = model.preprocessing
        self.pooling = model.pooling
        self.weightsHash = model.weightsHash
        self.source = source
        self.onnx = onnx
    }
}
