import Datasets
import Evaluation
import LightboxCore
import ModelRegistry
import Training

extension PolicyStudy {
    /// Asks every model for its held-out films, unless its answers are kept, and ranks them.
    func judge(
        _ members: [Member], _ data: StudyData, _ folder: String, _ context: StageContext,
        _ problems: inout [StageReport.Problem]
    ) throws -> StudyRanking {
        var models: [(view: ViewKind, entries: [StudyEntry])] = views.map { ($0, []) }
        for member in members {
            guard let heldOut = data[member.view].heldOut, let place = views.firstIndex(of: member.view) else {
                continue
            }
            let own = try context.home.outputFolder(of: self.place(of: member).output)
            let predictions = try StudyPredictions(
                of: ModelFolder(path: TrainingPlace.model(in: own)), in: own, on: heldOut, context,
                problems: &problems)
            let policy = member.policy.description
            models[place].entries.append(
                StudyEntry(
                    policy: policy,
                    cases: ScoredCases(heldOut, indices: predictions.indices, scores: predictions.scores),
                    name: "\(member.view.name), \(policy)"))
        }
        return try ranking(models, folder, context)
    }

    private func ranking(
        _ models: [(view: ViewKind, entries: [StudyEntry])], _ folder: String, _ context: StageContext
    ) throws -> StudyRanking {
        var ranking = StudyRanking(parts: [], settings: evaluation, ensemble: ensemble, notes: [])
        var judged = 0
        for (view, entries) in models {
            let part = try StudyRanking.Part(
                view.name, unit: .film, entries, evaluation, threads: context.threads
            ) { policy, evaluation in
                if context.isCancelled() { throw Cancelled(stage: "study") }
                judged += 1
                context.progress(
                    ProgressUpdate(stage: "judge", completed: judged, total: views.count * policies.count))
                let name = try Self.memberName(view, UncertaintyPolicy(parsing: policy))
                _ = try evaluation.write(to: "\(folder)/\(name)/evaluation")
            }
            ranking.parts.append(part)
        }
        do {
            let average = try StudyAverage(models, ensemble)
            ranking.parts.append(average.part(evaluation, threads: context.threads))
        } catch {
            ranking.notes.append(error.rawValue)
        }
        return ranking
    }
}
