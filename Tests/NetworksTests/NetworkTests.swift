import Foundation
import LightboxCore
import Networks
import Testing

@Suite("Networks") struct NetworkTests {
    @Test func writes() throws {
        guard let folder = ProcessInfo.processInfo.environment["DUMP"] else { return }
        for network in Network.all {
            for pooling in Pooling.allCases {
                let graph = try network.graph(output: .features(pooling))
                let model = try graph.onnx(weights: Formula.weights(for: graph, gain: network.name.contains("mobilenet") || network.name == "tiny" ? 0.85 : 1))
                let name = "\(folder)/\(network.name)-\(pooling.rawValue).onnx"
                try Data(try model.serialized()).write(to: URL(fileURLWithPath: name))
            }
        }
    }
}
