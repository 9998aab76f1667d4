import Foundation
import LightboxCore

/// What a run's folder says of the jobs that work for it, so that another driver goes on with them.
struct SlurmRun: Codable, Equatable {
    /// The variable that tells a job of which run it is the end.
    static let finishing = "LIGHTBOX_SLURM_FINISH"

    var run: String
    /// ``EngineJob/plan``.
    var plan: String
    /// From 1: how often tasks were dealt out.
    var round: Int
    /// Tasks that were missing when they were.
    var missing: Int
    var array: String
    /// The job that ends the run, where its driver did not wait.
    var finish: String?

    private static func path(in folder: String) -> String { folder + "/slurm.json" }

    init?(in folder: String) {
        guard let bytes = FileManager.default.contents(atPath: Self.path(in: folder)),
            let run = try? JSONDecoder().decode(SlurmRun.self, from: bytes)
        else { return nil }
        self = run
    }

    init(run: String, plan: String, round: Int, missing: Int, array: String) {
        (self.run, self.plan, self.round, self.missing, self.array) = (run, plan, round, missing, array)
    }

    func save(in folder: String) throws { try AtomicFile.write(TaskJSON.line(self), to: Self.path(in: folder)) }
}
