import LightboxCore

/// The labels of a data set as a table with a row per picture.
struct LabelTable {
    private let entries: [PhantomDataSet.Entry]

    init(_ entries: [PhantomDataSet.Entry]) { self.entries = entries }

    /// Columns: `path` within the folder, `patient_id`, the three UIDs, `view` (`frontal` or `lateral`),
    /// `view_position` (`PA`, `AP`, `LL`), `split` (`train` or `valid`), then each finding's `LabelState`, 0...3.
    var csv: String {
        let header =
            ["path", "patient_id", "study", "series", "instance", "view", "view_position", "split"]
            + Finding.allCases.map(\.rawValue)
        let rows = entries.map { entry -> [String] in
            [
                entry.path, entry.patient.id, entry.key.study!, entry.key.series!, entry.key.instance!,
                entry.view.isFrontal ? "frontal" : "lateral", entry.view.rawValue,
                entry.isForValidation ? "valid" : "train",
            ] + entry.study.labels.values.map { String($0.rawValue) }
        }
        return ([header] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
    }
}
