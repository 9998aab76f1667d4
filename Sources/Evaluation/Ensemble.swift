import Foundation

/// Joins what several models, or several views of one study, say.
public enum Ensemble: String, Sendable, Hashable, Codable, CaseIterable {
    case meanOfProbabilities = "mean_of_probabilities"
    /// The mean before the sigmoid: a sure member weighs more.
    case meanOfLogits = "mean_of_logits"

    /// Joins the members' probabilities of one case.
    ///
    /// - Precondition: at least one member.
    public func joined(_ probabilities: some Collection<Double>) -> Double {
        precondition(!probabilities.isEmpty, "an ensemble has members")
        let count = Double(probabilities.count)
        switch self {
        case .meanOfProbabilities: return probabilities.sum { $0 } / count
        case .meanOfLogits: return Logistic.probability(probabilities.sum(Logistic.logit) / count)
        }
    }

    /// Joins models that scored the same cases: `members[model][case]` to one probability per case.
    public func joined(models members: [[Double]]) -> [Double] {
        guard let first = members.first else { return [] }
        precondition(members.allSatisfy { $0.count == first.count }, "all models score the same cases")
        return first.indices.map { index in joined(members.map { $0[index] }) }
    }

    /// Joins the softmax probabilities of one case, `members[model][class]`; the result sums to 1.
    public func joined(classes members: [[Double]]) -> [Double] {
        guard let first = members.first else { return [] }
        let count = Double(members.count)
        switch self {
        case .meanOfProbabilities:
            return first.indices.map { index in members.sum { $0[index] } / count }
        case .meanOfLogits:
            let logs = first.indices.map { index in members.sum { log(max($0[index], .ulpOfOne)) } / count }
            let top = logs.max() ?? 0
            let weights = logs.map { exp($0 - top) }
            let total = weights.sum { $0 }
            return weights.map { $0 / total }
        }
    }

    /// Joins the views of each study.
    ///
    /// - Parameters:
    ///   - probabilities: one for each image.
    ///   - groups: for each image what it belongs to (a study, say).
    /// - Returns: each group with its probability, in the order in which the groups first appear.
    public func joined<Group: Hashable>(
        _ probabilities: [Double], by groups: [Group]
    ) -> [(group: Group, probability: Double)] {
        precondition(probabilities.count == groups.count, "one group for each probability")
        var places: [Group: Int] = [:]
        var found: [(group: Group, members: [Double])] = []
        for (probability, group) in zip(probabilities, groups) {
            if let place = places[group] {
                found[place].members.append(probability)
            } else {
                places[group] = found.count
                found.append((group, [probability]))
            }
        }
        return found.map { ($0.group, joined($0.members)) }
    }
}
