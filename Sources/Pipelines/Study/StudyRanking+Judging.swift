import Evaluation
import LightboxCore

/// One policy's model, or average of models, and the cases it is judged on.
struct StudyEntry {
    let policy: String
    let cases: ScoredCases
    /// Called `frontal, zeros` where two are compared.
    var name: String
}

extension StudyRanking.Part {
    /// Ranks policies on the cases that all of them have.
    ///
    /// - Parameter evaluations: gets each policy's whole evaluation, with its curves.
    init(
        _ name: String, unit: Unit, _ entries: [StudyEntry], _ settings: EvaluationSettings, threads: Int,
        evaluations: (String, ModelEvaluation) throws -> Void
    ) rethrows {
        self.name = name
        self.unit = unit
        let shared = zip(entries, ScoredCases.common(entries.map(\.cases))).map { entry, cases in
            StudyEntry(policy: entry.policy, cases: cases, name: entry.name)
        }
        cases = shared.first?.cases.units.count ?? 0
        patients = shared.first?.cases.patients.map { Set($0).count }
        var judged: [(entry: StudyEntry, data: [LabelledScores], standing: StudyRanking.Standing)] = []
        for entry in shared {
            let data = entry.cases.labelledScores(settings.uncertain)
            let evaluation = ModelEvaluation(
                model: entry.name, dataSet: "\(name), held out", data, settings: settings, threads: threads)
            try evaluations(entry.policy, evaluation)
            judged.append((entry, data, StudyRanking.Standing(entry.policy, evaluation)))
        }
        labels = Self.labels(judged.map { ($0.entry.policy, $0.data, $0.standing) }, level: settings.level)
        // A sort that leaves equals in the order of the policies.
        let order = judged.indices.sorted { left, right in
            let areas = [left, right].map { judged[$0].standing.macroAUC.value ?? -1 }
            return areas[0] != areas[1] ? areas[0] > areas[1] : left < right
        }
        judged = order.map { judged[$0] }
        standings = judged.map(\.standing)
        comparisons = judged.dropFirst().map { other in
            ModelComparison(
                judged[0].data, other.data, names: (judged[0].entry.name, other.entry.name), level: settings.level,
                bootstrap: settings.bootstrap, threads: threads)
        }
        againstViews = []
    }

    private static func labels(
        _ models: [(policy: String, data: [LabelledScores], standing: StudyRanking.Standing)], level: Double
    ) -> [StudyRanking.Label] {
        let names = models.first?.standing.labels.map(\.label) ?? []
        var labels = names.indices.map { label in
            let areas = models.map { $0.standing.labels[label].auc.value }
            let highest = areas.compactMap(\.self).max()
            let leaders = areas.indices.filter { highest != nil && areas[$0] == highest }
            guard let best = leaders.first else {
                return StudyRanking.Label(label: names[label], best: [], rivals: [])
            }
            let rivals = models.indices.filter { $0 != best }.map { other in
                StudyRanking.Rival(
                    models[other].policy, models[best].data[label], models[other].data[label], level: level)
            }
            return StudyRanking.Label(
                label: names[label], best: leaders.map { models[$0].policy }, rivals: rivals)
        }
        let places = labels.indices.flatMap { label in
            labels[label].rivals.indices.filter { labels[label].rivals[$0].test != nil }.map { (label, $0) }
        }
        let adjusted = Holm.adjusted(places.map { labels[$0.0].rivals[$0.1].test!.pValue })
        for (place, value) in zip(places, adjusted) { labels[place.0].rivals[place.1].adjustedPValue = value }
        return labels
    }
}

extension StudyRanking.Standing {
    init(_ policy: String, _ evaluation: ModelEvaluation) {
        self.policy = policy
        macroAUC = evaluation.means.macroAUC
        macroAveragePrecision = evaluation.means.macroAveragePrecision
        labels = evaluation.labels.map { label in
            StudyRanking.LabelMetrics(
                label: label.label, cases: label.counts.cases, positives: label.counts.positives, auc: label.auc,
                averagePrecision: label.averagePrecision)
        }
    }
}

extension StudyRanking.Rival {
    fileprivate init(_ policy: String, _ best: LabelledScores, _ other: LabelledScores, level: Double) {
        self.policy = policy
        do throws(Undefined) {
            let right = try DeLong(scores: other.scores, truths: other.truths, clusters: other.patients)
            test = try DeLong(scores: best.scores, truths: best.truths, clusters: best.patients)
                .compared(with: right, level: level)
        } catch {
            undefined = error
        }
    }
}
