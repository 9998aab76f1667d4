public import Datasets
public import Evaluation
import Foundation
import Inference
public import LightboxCore
import ModelRegistry
import Torch
public import Training

/// Which policy for uncertain labels serves best: trains the same network once for each view and policy, judges all
/// models on the same held-out patients and ranks them.
///
/// Every model has a folder of its own in the study's. A study that was stopped goes on when it is run again: finished
/// models stay, and one that was under way resumes from its checkpoint.
public struct PolicyStudy: Sendable {
    /// What all models share. Its place is the study's folder; its view and policy give way to the study's.
    public var training: NetworkTraining
    public var views: [ViewKind] = [.frontal, .lateral]
    public var policies: [UncertaintyPolicy] = [.ignore, .zeros, .ones, .hybrid]
    /// How the models are judged; may change between two runs of one study.
    public var evaluation = EvaluationSettings()
    /// Joins the views of a study.
    public var ensemble = Ensemble.meanOfProbabilities

    public init(_ training: NetworkTraining) { self.training = training }

    /// One of the models.
    struct Member {
        let number: Int
        let view: ViewKind
        let policy: UncertaintyPolicy
        /// Of its folder: `frontal-zeros`.
        var name: String { PolicyStudy.memberName(view, policy) }
    }

    public struct Result: Sendable {
        public var ranking: StudyRanking
        public var report: StageReport
    }

    /// - Parameter note: gets a line now and then: which model begins, a validation's result.
    /// - Returns: nil in a process of a group that is not its first: it trains and leaves the judging to that one.
    /// - Throws: ``Cancelled`` when it was stopped; what was trained is kept.
    public func run(_ context: StageContext, note: @escaping (String) -> Void = { _ in }) throws -> Result? {
        let members = try members()
        _ = try OpenVINOLibrary.version()  // that judging works is worth knowing before hours of training
        let folder = try context.home.outputFolder(of: training.place.output)
        let data = try StudyData(training.input, views: views, context)
        let plan = try StudyPlan(self, data, context)
        var report = StageReport(stage: "study")
        report.problems = data.problems
        let isFirst = try ProcessGroup.working(in: training.place.environment, version: training.place.version) {
            group in
            let isFirst = (group?.rank ?? 0) == 0
            if isFirst { try makeRoom(for: plan, in: folder) }
            try group?.barrier()
            try train(members, data, group, context, note, &report)
            return isFirst
        }
        guard isFirst else { return nil }
        let ranking = try judge(members, data, folder, context, &report.problems)
        try keep(ranking, plan, in: folder)
        report.outputs = [folder + "/report.html", folder + "/ranking.csv", folder + "/" + StudyRecord.fileName]
        return Result(ranking: ranking, report: report)
    }

    private func members() throws -> [Member] {
        guard !views.isEmpty, !policies.isEmpty else {
            throw InputError(.invalidInput, "A study has at least one view and one policy.")
        }
        let pairs = views.flatMap { view in policies.map { (view, $0) } }
        let members = pairs.enumerated().map { Member(number: $0, view: $1.0, policy: $1.1) }
        guard Set(members.map(\.name)).count == members.count else {
            throw InputError(.invalidInput, "Each view and each policy is named once.")
        }
        return members
    }

    func place(of member: Member) -> TrainingPlace {
        var place = training.place
        place.output += "/" + member.name
        place.name = "\(training.place.name)-\(member.name)"
        (place.resumes, place.overwrites) = (true, false)
        return place
    }

    private func train(
        _ members: [Member], _ data: StudyData, _ group: ProcessGroup?, _ context: StageContext,
        _ note: @escaping (String) -> Void, _ report: inout StageReport
    ) throws {
        let folders = try members.map { try context.home.outputFolder(of: place(of: $0).output) }
        func finished() -> [UInt8] {
            folders.map { folder in
                let manifest = TrainingPlace.model(in: folder) + "/" + ModelManifest.fileName
                return FileManager.default.fileExists(atPath: manifest) ? 1 : 0
            }
        }
        // The first process knows: the others may not see its folder.
        let isFinished = try (group?.shared(finished) ?? finished()).map { $0 == 1 }
        let progress = StudyProgress(images: members.map { isFinished[$0.number] ? 0 : images(of: $0, data) })
        report.unchanged = isFinished.count { $0 }
        for member in members where !isFinished[member.number] {
            let sets = data[member.view]
            var model = training
            model.place = place(of: member)
            model.settings.task = .labels(member.policy)
            if (group?.rank ?? 0) == 0 { try model.place.prepare(folders[member.number]) }
            try group?.barrier()
            let name = "\(member.number + 1) of \(members.count) \(member.name)"
            note("model \(name): \(sets.training.count) films to learn from, \(sets.heldOut?.count ?? 0) held out")
            let trained = try model.run(
                on: sets, with: group, progress.context(context, number: member.number, name: name), note: note)
            if trained.run.ending == .interrupted {
                note("Model \(name): step \(trained.run.step) of \(trained.run.steps) is saved.")
                throw Cancelled(stage: "study")
            }
            report.written += 1
        }
    }

    /// Images that a model goes through in its whole training.
    private func images(of member: Member, _ data: StudyData) -> Int {
        let batch = training.settings.batchSize
        return training.settings.steps(batches: data[member.view].training.count / batch) * batch
    }
}
