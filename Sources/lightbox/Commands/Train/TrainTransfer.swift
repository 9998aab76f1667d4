import ArgumentParser
import Datasets
import Features
import LightboxCore
import Networks
import Pipelines
import Training

struct TrainTransfer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transfer", abstract: "Train a small classifier behind a pretrained network.",
        discussion: """
            Every image goes through the network once; a head of one or two dense layers learns from the vectors. \
            The result is one model: image in, scores out, with one more score, the last, for images without a \
            label. TFRecords of vectors (`lightbox embed --output x.tfrecord`) can be learned from directly.

            Examples:
              lightbox train transfer --network mobilenet_v2 --weights w.h5 --images labels.csv --output flowers/
              lightbox train transfer --max-steps 1000 --train_data_paths 'preproc/train*' \\
                --eval_data_paths 'preproc/eval*' --eval_set_size 19 --output_path output/
              lightbox train transfer --network mobilenet_v2 --images films.csv --columns label=finding \\
                --classes 'normal,pneumonia=bacterial pneumonia|viral pneumonia' --output films/
            """)

    @Option(help: "An architecture; `lightbox networks` lists them.") var network = "inception_v3"
    @Option(help: "Its Keras weight file; by default the one that `lightbox weights pull` fetched.")
    var weights: String?
    @Flag(help: "Use seeded, untrained weights: for trying things out.") var untrained = false
    @OptionGroup var data: DataArguments
    @Option(help: "Only films of this view: frontal, lateral or other.") var view: ViewKind?
    @Option(
        name: [.customLong("eval-set-size"), .customLong("eval_set_size")],
        help: "Judge on the first so many held-out images only.")
    var evalSetSize: Int?
    @Option(help: "avg or max.") var pooling = Pooling.average
    @Option(help: "Units of a hidden layer with ReLU; none when left out.") var hidden: Int?
    @Option(help: "Share of values dropped while learning.") var dropout: Float = 0.2
    @Flag(inversion: .prefixedNo, help: "One more score, the last, for images without a label.")
    var extraSlot = true
    @Option(help: "auto, f32, bf16 or int8, for the vectors.") var precision = Precision.float32
    @Option(
        help: ArgumentHelp(
            "Let layers of the network learn too: all, a number from the end, or the first one's name.",
            valueName: "layers"))
    var fineTune: String?
    @Option(help: "Learning rate of --fine-tune.") var fineTuneRate = 1e-5
    @OptionGroup var learning: LearningArguments
    @OptionGroup var place: PlaceArguments
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard weights == nil || !untrained else { throw ValidationError("Give --weights or --untrained.") }
        guard dropout >= 0 && dropout < 1 else { throw ValidationError("--dropout lies between 0 and 1.") }
        guard hidden.map({ $0 > 0 }) ?? true else { throw ValidationError("--hidden is at least 1.") }
        guard pooling != .none else { throw ValidationError("--pooling is avg or max.") }
    }

    func run() throws {
        let settings = try learning.settings(.classes(hasExtraSlot: extraSlot), epochs: 60, rate: 1e-3)
        var stage = TransferTraining(
            network, input: try data.input(seed: learning.seed), place: place.place(), settings: settings)
        stage.input.view = view
        stage.weights = weights
        stage.isUntrained = untrained
        stage.pooling = pooling
        stage.hiddenUnits = hidden
        stage.dropout = dropout
        stage.hasExtraSlot = extraSlot
        stage.precision = precision
        stage.fineTune = try fineTune.map { try TrainableLayers(parsing: $0) }
        stage.fineTuneRate = fineTuneRate
        stage.heldOutLimit = evalSetSize
        try TrainingCommandRun(global: global, place: place).run { [stage] in try stage.run($0, note: $1) }
    }
}
