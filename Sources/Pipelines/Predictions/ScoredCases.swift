import Datasets
import Evaluation
import LightboxCore

/// What a model says of cases, beside what is true of them.
struct ScoredCases: Sendable {
    let labels: [String]
    /// For each case who it is, the same for every model.
    var units: [String] = []
    /// `[label][case]`.
    var states: [[LabelState]]
    var scores: [[Double]]
    /// For each case; nil when it is not known of all of them.
    var patients: [String]?
    /// The same of studies.
    var studies: [String]?

    /// No cases yet.
    init(labels: [String]) {
        self.labels = labels
        states = Array(repeating: [], count: labels.count)
        scores = Array(repeating: [], count: labels.count)
    }

    /// Images of a data set of findings: each a case, called by its number in the data set.
    ///
    /// - Parameter scores: of each image at least one per label.
    init(_ dataset: LabelledDataset, indices: [Int], scores: [[Float]]) {
        labels = dataset.labels.names
        units = indices.map(String.init)
        let rows = indices.map(dataset.states)
        states = labels.indices.map { label in rows.map { $0[label] } }
        self.scores = labels.indices.map { label in scores.map { Double($0[label]) } }
        // An image whose patient is not told stands alone, where others are told.
        let names = indices.map(dataset.patient)
        patients = names.contains { $0 != nil } ? zip(names, indices).map { $0 ?? "image \($1)" } : nil
        let found = indices.compactMap { dataset[$0].study }
        studies = found.count == indices.count ? found : nil
    }

    /// One case for each group: its images' scores joined, the highest state of each label.
    ///
    /// - Parameter groups: for each case the group it is in: its study, say.
    func joined(by groups: [String], _ ensemble: Ensemble) -> ScoredCases {
        var result = ScoredCases(labels: labels)
        var places: [String: Int] = [:]
        for group in groups where places[group] == nil {
            places[group] = result.units.count
            result.units.append(group)
        }
        for label in labels.indices {
            result.scores[label] = ensemble.joined(scores[label], by: groups).map(\.probability)
            var highest = Array(repeating: LabelState.notMentioned, count: result.units.count)
            for (group, state) in zip(groups, states[label]) {
                guard let place = places[group], state.rawValue > highest[place].rawValue else { continue }
                highest[place] = state
            }
            result.states[label] = highest
        }
        result.patients = patients.map { patients in
            var last = Array(repeating: "", count: result.units.count)
            for (group, patient) in zip(groups, patients) {
                if let place = places[group] { last[place] = patient }
            }
            return last
        }
        result.studies = result.units
        return result
    }

    /// The cases that are among `kept`, in that order.
    ///
    /// - Precondition: all of them are here.
    func selecting(_ kept: [String]) -> ScoredCases {
        if kept == units { return self }
        let places = Dictionary(uniqueKeysWithValues: units.enumerated().map { ($1, $0) })
        let order = kept.compactMap { places[$0] }
        precondition(order.count == kept.count, "every case is there")
        var result = self
        result.units = kept
        result.states = states.map { states in order.map { states[$0] } }
        result.scores = scores.map { scores in order.map { scores[$0] } }
        result.patients = patients.map { patients in order.map { patients[$0] } }
        result.studies = studies.map { studies in order.map { studies[$0] } }
        return result
    }

    /// What all models have said something of, in the order of the first.
    static func common(_ models: [ScoredCases]) -> [ScoredCases] {
        guard let first = models.first else { return [] }
        var shared = Set(first.units)
        for model in models.dropFirst() { shared.formIntersection(model.units) }
        let order = first.units.filter(shared.contains)
        return models.map { $0.selecting(order) }
    }

    /// The same cases with the scores of several models joined; of two states of a case the higher.
    func joining(_ others: [ScoredCases], _ ensemble: Ensemble) -> ScoredCases {
        var result = self
        for label in labels.indices {
            result.scores[label] = ensemble.joined(models: [scores[label]] + others.map { $0.scores[label] })
            for other in others {
                for (index, state) in other.states[label].enumerated()
                where state.rawValue > result.states[label][index].rawValue { result.states[label][index] = state }
            }
        }
        return result
    }

    /// The cases of each label, for the statistics.
    func labelledScores(_ uncertain: UncertainHandling) -> [LabelledScores] {
        let numbers = patients.map(LabelledScores.numbered)
        return labels.indices.map { label in
            LabelledScores(
                label: labels[label], scores: scores[label], states: states[label], uncertain: uncertain,
                patients: numbers)
        }
    }
}
