import ArgumentParser
import LightboxCore
import Pipelines

struct RecordsSplit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "split", abstract: "Cut a labelled CSV into a training and an evaluation set.",
        discussion: """
            Writes train.csv, eval.csv and dict.txt (the labels, one a line). Every label has about the same share \
            on both sides, and no patient stands on both.

            Example:
              lightbox records split labels.csv --output split/ --group-column patient
            """)

    @Argument(help: "A CSV with a column of paths and one of labels, with or without a header.") var csv: String
    @Option(help: "The folder to write to.") var output: String
    @Option(help: "Share of the images that goes to evaluation.") var evalShare = 0.1
    @Option(help: "The same seed gives the same split.") var seed: UInt64 = 0
    @Option(help: "The column with the label.") var labelColumn = "label"
    @Option(help: "The column that keeps images together; patient, patient_id or subject_id when there is one.")
    var groupColumn: String?
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard evalShare > 0 && evalShare < 1 else { throw ValidationError("--eval-share lies between 0 and 1.") }
    }

    func run() throws {
        var stage = SplitStage()
        stage.evaluationShare = evalShare
        stage.seed = seed
        stage.labelColumn = labelColumn
        stage.groupColumn = groupColumn
        try global.report { [stage] context in
            (try stage.run(csv, output: output, context), errorsIn: try context.home.localPath(of: output))
        }
    }
}
