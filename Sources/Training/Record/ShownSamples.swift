import Foundation
import LightboxCore

/// Some validation samples as pictures, with the first few things that the network says of them.
struct ShownSamples {
    struct Picture {
        var png: [UInt8]
        var width: Int
        var height: Int
    }
    init(_ batch: TrainingBatch, _ output: NDArray, count: Int, objective: Objective, names: [String]) {}
    func picture() throws -> Picture? { nil }
}
struct RunPage {
    init(_ state: TrainingState, _ report: TrainingReport, trainer: Trainer, samples: ShownSamples?) {}
    func write() throws {}
}
