import Foundation
package import LightboxCore
public import Networks
import WireFormats

/// A run at one step: one file of named arrays, with the state as JSON in its header.
///
/// Weights are called `weights/<layer>/<number>`, the optimiser's arrays `optimizer/<name>`. The file is written
/// under another name, brought to the disk and renamed: whatever happens, the one before stays whole.
package struct Checkpoint: Sendable {
    package var state: TrainingState
    package var weights: NetworkWeights
    /// Empty in `checkpoints/best`, from which no run goes on.
    package var optimizer: [String: NDArray]

    package init(state: TrainingState, weights: NetworkWeights, optimizer: [String: NDArray] = [:]) {
        self.state = state
        self.weights = weights
        self.optimizer = optimizer
    }

    package func write(to path: String) throws {
        var tensors: [SafetensorsTensor] = []
        for (layer, arrays) in weights.layers {
            for (number, array) in arrays.enumerated() {
                tensors.append(SafetensorsTensor("weights/\(layer)/\(number)", array))
            }
        }
        for (name, array) in optimizer { tensors.append(SafetensorsTensor("optimizer/" + name, array)) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let text = String(decoding: try encoder.encode(state), as: UTF8.self)
        do {
            try Safetensors.write(tensors, metadata: ["format": "lightbox checkpoint", "state": text], to: path)
        } catch let failure as FileFailure {
            throw TrainingError(
                .notWritten, path,
                "the checkpoint could not be written (\(String(cString: strerror(failure.errno))))",
                remedy: "The one before is whole. Make room, then go on with --resume.")
        }
    }

    package init(path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw TrainingError(.noCheckpoint, path, "there is no checkpoint", remedy: "Train first.")
        }
        try self.init(Safetensors(path: path), path: path)
    }

    /// - Parameter path: where the file came from, for errors.
    init(_ file: Safetensors, path: String) throws {
        guard let text = file.metadata["state"], file.metadata["format"] == "lightbox checkpoint",
            let state = try? JSONDecoder().decode(TrainingState.self, from: Data(text.utf8)),
            state.version == TrainingState.version
        else {
            throw TrainingError(
                .damagedCheckpoint, path, "this is no checkpoint that this version reads",
                remedy: "Train into another folder.")
        }
        self.state = state
        weights = NetworkWeights()
        optimizer = [:]
        var layers: [String: [Int: NDArray]] = [:]
        for (name, array) in try file.arrays() {
            let parts = name.split(separator: "/")
            if parts.first == "optimizer" {
                optimizer[String(name.dropFirst("optimizer/".count))] = array
            } else if parts.first == "weights", parts.count > 2, let number = Int(parts.last!) {
                layers[parts.dropFirst().dropLast().joined(separator: "/"), default: [:]][number] = array
            }
        }
        for (layer, arrays) in layers {
            weights.layers[layer] = arrays.sorted { $0.key < $1.key }.map(\.value)
        }
    }
}

extension RunFolder {
    /// Which of a run's weights.
    public enum Moment: String, Sendable, CaseIterable { case best, last }

    /// The weights of a run, for evaluation and export. Without a validation nothing is best, and the last serve.
    ///
    /// - Throws: ``TrainingError`` when the run has saved nothing yet.
    public func weights(_ moment: Moment = .best) throws -> NetworkWeights {
        let hasBest = FileManager.default.fileExists(atPath: best)
        return try Checkpoint(path: moment == .best && hasBest ? best : last).weights
    }

    /// The settings of a run, and its labels.
    public func trainedSettings() throws -> (settings: TrainingSettings, labels: [String]) {
        let state = try Checkpoint(path: last).state
        return (state.settings, state.identity.labels)
    }

    /// The validations of a run so far.
    public func validations() throws -> [ValidationRecord] { try Checkpoint(path: last).state.validations }
}
