import Datasets
import Evaluation
import LightboxCore

/// The models of several views asked together: each study's films scored by the model of their view, the views' means
/// averaged. Only studies of which every view is held out count; no model has learned from any of their patients' films.
struct StudyAverage {
    let unit: StudyRanking.Part.Unit
    /// By policy: the average, and each view alone on the same cases.
    let policies: [(average: StudyEntry, views: [StudyEntry])]

    /// Why there is none.
    enum Missing: String, Error {
        case oneView = "One view was studied, so there is no average over views."
        case unknown =
            "There is no average over views: the data does not tell the study or the patient of every film."
        case nothingShared = "There is no average over views: no study has held-out films of every view."
    }

    /// - Parameter models: of each view its models' cases, the policies in one order.
    init(_ models: [(view: ViewKind, entries: [StudyEntry])], _ ensemble: Ensemble) throws(Missing) {
        guard models.count > 1 else { throw .oneView }
        let all = models.flatMap(\.entries)
        let unit: StudyRanking.Part.Unit
        if all.allSatisfy({ $0.cases.studies != nil }) {
            unit = .study
        } else if all.allSatisfy({ $0.cases.patients != nil }) {
            unit = .patient
        } else {
            throw .unknown
        }
        self.unit = unit
        let count = models.map(\.entries.count).min() ?? 0
        let joined = (0..<count).map { policy in
            ScoredCases.common(
                models.map { model in
                    let cases = model.entries[policy].cases
                    return cases.joined(by: (unit == .study ? cases.studies : cases.patients) ?? [], ensemble)
                })
        }
        guard joined.allSatisfy({ !$0[0].units.isEmpty }) else { throw .nothingShared }
        policies = joined.enumerated().map { policy, views in
            let name = models[0].entries[policy].policy
            let average = views[0].joining(Array(views.dropFirst()), ensemble)
            return (
                StudyEntry(policy: name, cases: average, name: "average, \(name)"),
                zip(models, views).map { model, cases in
                    // The truth of a study is one: that of the average.
                    var cases = cases
                    cases.states = average.states
                    return StudyEntry(policy: name, cases: cases, name: "\(model.view.name), \(name)")
                }
            )
        }
    }

    /// The averages' ranking, and each against its views.
    func part(_ settings: EvaluationSettings, threads: Int) -> StudyRanking.Part {
        var part = StudyRanking.Part("average", unit: unit, policies.map(\.average), settings, threads: threads) {
            _, _ in
        }
        for standing in part.standings {
            guard let policy = policies.first(where: { $0.average.policy == standing.policy }) else { continue }
            for view in policy.views {
                part.againstViews.append(
                    ModelComparison(
                        policy.average.cases.labelledScores(settings.uncertain),
                        view.cases.labelledScores(settings.uncertain), names: (policy.average.name, view.name),
                        level: settings.level, bootstrap: settings.bootstrap, threads: threads))
            }
        }
        return part
    }
}
