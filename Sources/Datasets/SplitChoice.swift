import LightboxCore

/// Cuts a data set into parts by patient: seeded, every label in about the same share in all parts.
public struct SplitChoice: Sendable, Codable, Hashable {
    /// Share of the images for validation, 0..<1.
    public var validation = 0.1
    /// Share of the images for the last test, 0..<1.
    public var test = 0.0
    public var seed: UInt64 = 0

    public init(validation: Double = 0.1, test: Double = 0, seed: UInt64 = 0) {
        (self.validation, self.test, self.seed) = (validation, test, seed)
    }
}

extension LabelledDataset {
    /// Gives every sample a split, whatever it had; the rule is that of `GroupedSplit`.
    ///
    /// Images of one patient stay together; where the patient is unknown, those of one study do.
    /// - Throws: ``DatasetError`` when the shares leave nothing for training.
    public func split(_ choice: SplitChoice) throws -> LabelledDataset {
        guard choice.validation >= 0, choice.test >= 0, choice.validation + choice.test < 1 else {
            throw DatasetError(.invalidValue, "split", remedy: "The shares are positive and together less than 1.")
        }
        let members = (0..<count).map { index in
            GroupedSplit.Member(labels: spread(index), group: group(of: index))
        }
        let isTest = GroupedSplit(share: choice.test, seed: choice.seed).assign(members)
        let rest = isTest.indices.filter { !isTest[$0] }
        let share = choice.validation / (1 - choice.test)
        let isValid = GroupedSplit(share: share, seed: choice.seed).assign(rest.map { members[$0] })
        var splits = isTest.map { $0 ? DataSplit.test : .train }
        for (place, index) in rest.enumerated() where isValid[place] { splits[index] = .valid }
        return assigning(splits)
    }

    /// What keeps a sample's images together: the patient, else the study.
    func group(of index: Int) -> String? {
        let row = row(index)
        if let patient = table.patients[row] { return "patient " + patient }
        return table.studies[row].map { "study " + $0 }
    }

    /// The labels to be spread evenly: the class, or every positive finding.
    private func spread(_ index: Int) -> [String] {
        if labels.kind == .classes { return [classIndex(of: index).map { labels.names[$0] } ?? ""] }
        let positive = states(of: index).enumerated().filter { $0.element == .positive }
        return positive.isEmpty ? [""] : positive.map { labels.names[$0.offset] }
    }
}
