import ArgumentParser
import DICOM
import Features
import LightboxCore
import Pipelines

struct PredictSetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict-set", abstract: "Write what a model says of a data set into an SQL table.",
        discussion: """
            A row per image, with its path or UIDs, and a column predicted_LABEL per label. The table appears whole \
            or not at all.

            Examples:
              lightbox predict-set --model runs/chest --images dicom:study1 --table frontal_predictions
              lightbox predict-set --model runs/chest --images labels.csv --table predictions --overwrite
              lightbox query "SELECT path, predicted_edema FROM predictions ORDER BY 2 DESC LIMIT 5"
            """)

    @Option(
        help: ArgumentHelp("A model's folder, that of the run that trained it, or a Keras file.", valueName: "dir")
    )
    var model: String
    @Option(help: "dicom:STORE, a CSV of paths, a folder or quoted pattern of images, or TFRecords.")
    var images: String
    @Option(help: "The table, NAME or DATASET.NAME.") var table: String
    @Option(help: "f32, bf16, int8 or auto; auto takes the fastest that agrees with f32.")
    var precision: Precision = .float32
    @Flag(help: "End at the first image that cannot be read.") var stopAtFirstError = false
    @Option(help: "file: the window or LUT of the file; full: the whole range; CENTER,WIDTH: your own.")
    var window: WindowChoice = .fromFile
    @Option(help: "Frames of multi-frame images: all, first, middle, or numbers such as 1,5,9.")
    var frames: FrameChoice = .first
    @Option(
        help: "Of a Keras file: what its scores are called: chexpert14, a YAML file, a dict.txt, or NAME,NAME.")
    var labels: String?
    @OptionGroup var kerasFile: KerasFileArguments
    @OptionGroup var disposition: DispositionOptions
    @OptionGroup(title: "Spreading the work") var runner: RunnerOptions
    @OptionGroup var global: GlobalOptions

    func run() throws {
        var stage = PredictSetStage(model: model)
        stage.precision = precision
        stage.facts = try kerasFile.facts(labels: labels)
        stage.frames = frames
        stage.disposition = disposition.disposition
        stage.stopsAtFirstError = stopAtFirstError
        stage.display = DisplayOptions(window: window)
        try global.report { [stage] context in
            var context = context
            context.distribution = try runner.distribution(
                in: context.home, stopsAtFirstError: stopAtFirstError)
            return (try stage.run(ImageInput(images), table: table, context), errorsIn: context.home.jobs)
        }
    }
}
