import Foundation
import Torch

extension ProcessGroup {
    /// Refuses a process that was started with other settings or other data than the first.
    ///
    /// - Throws: ``TrainingError`` in the process that differs, naming what does; the others learn it from that one.
    func refuseDifference(_ own: TrainingState) throws {
        let text = try shared { try Array(JSONEncoder().encode(own)) }
        let first = try JSONDecoder().decode(TrainingState.self, from: Data(text))
        let length = "--epochs or --max-steps"
        func steps(_ state: TrainingState) -> Int { state.settings.steps(batches: state.identity.stepsPerEpoch) }
        let difference =
            first.difference(from: own) ?? (steps(first) == steps(own) ? nil : length)
            ?? (first.identity.engine == own.identity.engine
                ? nil
                : "the engine (\(own.identity.engine), rank 0 has \(first.identity.engine); see --precision)")
        guard let difference else { return }
        throw TrainingError(
            .otherRun, difference, "differs between rank \(rank) and rank 0",
            remedy: "Start all processes with the same options on the same data.")
    }
}
