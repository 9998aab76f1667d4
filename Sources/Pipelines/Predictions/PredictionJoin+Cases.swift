import Evaluation
import LightboxCore

/// Cases of other kinds and orders.
extension PredictionJoin {
    /// One case for each study: its images' scores joined, the highest state of each label.
    ///
    /// - Throws: ``InputError`` when the label table does not say the study of every image.
    func byStudy(_ ensemble: Ensemble) throws -> PredictionJoin {
        guard let studies else {
            throw InputError(
                .invalidInput,
                "The table \(labels.table) does not say the study of every image: study or study_id.")
        }
        var result = self
        var places: [String: Int] = [:]
        result.units = []
        for study in studies where places[study] == nil {
            places[study] = result.units.count
            result.units.append(study)
        }
        for label in labels.labels.indices {
            result.scores[label] = ensemble.joined(scores[label], by: studies).map(\.probability)
            var states = Array(repeating: LabelState.notMentioned, count: result.units.count)
            for (study, state) in zip(studies, self.states[label]) {
                guard let place = places[study], state.rawValue > states[place].rawValue else { continue }
                states[place] = state
            }
            result.states[label] = states
        }
        result.patients = patients.map { patients in
            var first = Array(repeating: "", count: result.units.count)
            for (study, patient) in zip(studies, patients) {
                if let place = places[study] { first[place] = patient }
            }
            return first
        }
        result.studies = result.units
        return result
    }

    /// The cases that are among `kept`, in that order.
    ///
    /// - Precondition: all of them are here.
    func selecting(_ kept: [String]) -> PredictionJoin {
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

    /// The cases of each label, for the statistics.
    func labelledScores(_ uncertain: UncertainHandling) -> [LabelledScores] {
        let numbers = patients.map(LabelledScores.numbered)
        return labels.labels.indices.map { label in
            LabelledScores(
                label: labels.labels[label], scores: scores[label], states: states[label], uncertain: uncertain,
                patients: numbers)
        }
    }

    /// The same cases with the scores of several models joined.
    func joining(_ others: [PredictionJoin], _ ensemble: Ensemble) -> PredictionJoin {
        var result = self
        for label in labels.labels.indices {
            result.scores[label] = ensemble.joined(models: [scores[label]] + others.map { $0.scores[label] })
        }
        return result
    }
}
