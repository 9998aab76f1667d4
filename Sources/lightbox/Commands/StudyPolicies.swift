import ArgumentParser
import Datasets
import Evaluation
import Foundation
import LightboxCore
import Pipelines
import Training

struct StudyPolicies: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policies",
        abstract: "Find the policy for uncertain labels that serves best, for each view.",
        discussion: """
            Trains the network of `lightbox train classifier` once for each view and policy, judges all models on the \
            same held-out patients, and ranks them: areas with intervals, the best policy for each label, tests of the \
            best against the others, and the average of the views where a study has all of them.

            Ctrl-C saves; the same command goes on, and finished models stay as they are. OUTPUT gets report.html, \
            ranking.csv, study.json, and a folder for each model. Where each view has files of its own, write {view} \
            in their names.

            Examples:
              lightbox study policies --labels chexpert14 --images mimic-cxr-jpg/ --shape 320,320,1 --output study/
              lightbox study policies --labels chexpert14 --images 'train/{view}*' --eval-images 'valid/{view}*' \\
                --policies ignore zeros u=0.4,w=0.75 --epochs 3 --output study/
              lightbox study policies --network densenet63 --labels chexpert14 --images films/ --views frontal \\
                --shape 160,160,1 --policies zeros,ones --output study/
            """)

    @Option(parsing: .upToNextOption, help: "frontal, lateral, other; a model of each policy for each.")
    var views = ["frontal", "lateral"]
    @Option(
        parsing: .upToNextOption,
        help:
            "ignore, zeros, ones, hybrid, learned, u=0.4,w=0.75, or several rules joined by ';' (LABEL:… for one label)."
    )
    var policies = ["ignore", "zeros", "ones", "hybrid"]
    @OptionGroup var classifier: ClassifierArguments
    @OptionGroup var data: DataArguments
    @OptionGroup var learning: LearningArguments
    @Option(help: ArgumentHelp("The study's folder; every model gets a folder in it.", valueName: "dir"))
    var output: String
    @Option(help: "Who made the models, for their manifests.") var creator = ""
    @Flag(help: "Begin anew where a study is in the folder.") var overwrite = false
    @Option(help: "Worker threads; all cores when left out.") var threads: Int?
    @OptionGroup var processes: ProcessArguments
    @Option(help: "Uncertain labels when judging: leave_out, as_negative or as_positive.")
    var judgeUncertain = UncertainHandling.leaveOut
    @Option(help: "How the views of a study are joined: mean_of_probabilities or mean_of_logits.")
    var ensemble = Ensemble.meanOfProbabilities
    @Option(help: "Level of the intervals.") var level = 0.95
    @Option(help: "Draws of the bootstrap; 0 for none.") var bootstrap = 2000
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard level > 0 && level < 1 else { throw ValidationError("--level lies between 0 and 1.") }
        guard bootstrap >= 0 else { throw ValidationError("--bootstrap is 0 or more.") }
        _ = try parsedViews
    }

    func run() throws {
        if try processes.launched() { return }
        let study = try study()
        var result: PolicyStudy.Result?
        try global.report { context in
            var context = context
            if let threads { context.threads = threads }
            result = try study.run(context) { global.note($0) }
            guard let result else { return (StageReport(stage: "study"), errorsIn: context.home.jobs) }
            if !global.json { print(result.ranking.text + "\n") }
            try context.home.publish(output)
            return (result.report, errorsIn: try context.home.localPath(of: output))
        }
    }

    private func study() throws -> PolicyStudy {
        var place = TrainingPlace(output: output)
        place.overwrites = overwrite
        place.creator = creator
        place.version = Lightbox.version
        place.environment = ProcessInfo.processInfo.environment
        let training = try classifier.training(
            data, learning, policy: .ignore, place: place, threads: processes.engineThreads)
        var study = PolicyStudy(training)
        study.views = try parsedViews
        study.policies = try parsedPolicies
        study.evaluation.uncertain = judgeUncertain
        study.evaluation.level = level
        if bootstrap == 0 {
            study.evaluation.bootstrap = nil
        } else {
            study.evaluation.bootstrap?.replicates = bootstrap
        }
        study.ensemble = ensemble
        return study
    }

    private var parsedViews: [ViewKind] {
        get throws {
            try views.flatMap { $0.split(separator: ",") }.map { name in
                guard let view = ViewKind.allCases.first(where: { $0.name == name.lowercased() }) else {
                    throw ValidationError("--views: \(name) is none of frontal, lateral and other.")
                }
                return view
            }
        }
    }

    /// `zeros,ones` are two policies, and `u=0.4,w=0.75` is one.
    private var parsedPolicies: [UncertaintyPolicy] {
        get throws {
            try policies.flatMap { text -> [UncertaintyPolicy] in
                if text.contains("=") { return [try UncertaintyPolicy(parsing: text)] }
                return try text.split(separator: ",").map { try UncertaintyPolicy(parsing: String($0)) }
            }
        }
    }
}
