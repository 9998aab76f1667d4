import Datasets
import LightboxCore

/// What the models of each view learn from and are judged on.
///
/// One data set with a view for each image is cut into training and held-out patients before it is parted by view, so
/// that a patient stands on the same side in both. Where `{view}` stands in the names of the data, each view is read
/// from its own files: `train/{view}*`.
struct StudyData {
    let views: [(view: ViewKind, sets: TrainingInput.Sets)]

    /// What could not be read.
    let problems: [StageReport.Problem]

    static let placeholder = "{view}"

    init(_ input: TrainingInput, views: [ViewKind], _ context: StageContext) throws {
        let places = [input.images, input.heldOutImages ?? input.images]
        let apart = places.map { $0.contains(Self.placeholder) }
        guard apart[0] == apart[1] else {
            throw InputError(
                .invalidInput,
                "\(Self.placeholder) has to stand in the names of both, the training and the held-out data.")
        }
        let whole = apart[0] ? nil : try input.read(context)
        self.views = try views.map { view in
            let sets = try whole?.only(view) ?? Self.read(input, view, context)
            try Self.check(sets, view, input)
            return (view, sets)
        }
        problems = whole?.problems ?? self.views.flatMap(\.sets.problems)
    }

    /// - Precondition: the view is studied.
    subscript(_ view: ViewKind) -> TrainingInput.Sets { views.first { $0.view == view }!.sets }

    private static func read(
        _ input: TrainingInput, _ view: ViewKind, _ context: StageContext
    ) throws -> TrainingInput.Sets {
        var input = input
        input.images = input.images.replacing(placeholder, with: view.name)
        input.heldOutImages = input.heldOutImages?.replacing(placeholder, with: view.name)
        return try input.read(context).filtered { $0.view(of: $1).map { $0 == view } ?? true }
    }

    private static func check(_ sets: TrainingInput.Sets, _ view: ViewKind, _ input: TrainingInput) throws {
        guard sets.labels.kind == .states else {
            throw InputError(
                .invalidInput,
                "Policies are for findings with uncertain labels, and these labels are classes. Pass --labels chexpert14 "
                    + "or a YAML file of the kind states.")
        }
        for (what, part) in [("training", sets.training), ("held-out", sets.heldOut)] where part?.isEmpty ?? true {
            throw InputError(
                .invalidInput,
                "\(input.images): there is no \(what) film of the view \(view.name). Choose others with --views, or say "
                    + "with --columns view=… where the view stands.")
        }
    }
}

extension TrainingInput.Sets {
    /// Films of that view on both sides.
    func only(_ view: ViewKind) -> TrainingInput.Sets { filtered { $0.view(of: $1) == view } }

    func filtered(_ isKept: (LabelledDataset, Int) -> Bool) -> TrainingInput.Sets {
        var sets = self
        sets.training = training.filtered(isKept)
        sets.heldOut = heldOut?.filtered(isKept)
        return sets
    }
}
