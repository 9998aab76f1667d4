import Foundation
import Imaging
import Inference
import LightboxCore
import ModelRegistry
import Networks
import Serving
import TestSupport
import WireFormats

/// The tiny network with a head of seeded weights.
func writeModel(
    _ output: ModelOutput, to path: String, seed: UInt64 = 6, head given: ClassifierHead? = nil
) throws -> ModelFolder {
    let network = try Network.named("tiny")
    let head = given ?? ClassifierHead(classes: output.scoreCount)
    let manifest = ModelManifest(
        name: "flowers", architecture: .network(name: "tiny", input: [32, 32, 3], top: .head(head)),
        preprocessing: network.preprocessing, output: output,
        provenance: .init(lightbox: "0.3", created: Date(timeIntervalSince1970: 0)))
    var weights = NetworkWeights.initial(for: try network.graph(head: head), seed: seed)
    weights.layers["predictions"]?[1].values = (0..<output.scoreCount).map { Float($0) * 0.3 - 0.2 }
    return try ModelFolder.write(manifest, weights: weights, to: path)
}

/// A random coloured picture.
func picture(seed: UInt64 = 3, width: Int = 40, height: Int = 30) -> Image {
    var random = SeededGenerator(seed: seed)
    let samples = (0..<(width * height * 3)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    return Image(width: width, height: height, channels: 3, samples: .uint8(samples))
}

func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

func bytes(_ text: String) -> Bytes { Bytes(Array(text.utf8)) }

func floats(_ tensor: ServedTensor?) -> [Float] {
    guard case .float32(let values)? = tensor?.elements else { return [] }
    return values
}

func texts(_ tensor: ServedTensor?) -> [String] {
    guard case .strings(let values)? = tensor?.elements else { return [] }
    return values.map { String(decoding: $0.array, as: UTF8.self) }
}

func agree(_ found: [Float], _ expected: [Float], within tolerance: Float = 1e-5) -> Bool {
    found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) <= tolerance }
}

/// Waits until `condition` holds, a minute at most.
func eventually(_ condition: () throws -> Bool) async throws -> Bool {
    for _ in 0..<6000 {
        if try condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return false
}

/// The error that `body` throws.
func servingError(_ body: () async throws -> Void) async -> ServingError? {
    do { try await body() } catch { return error as? ServingError }
    return nil
}
