import ArgumentParser
import Datasets
import LightboxCore
import Networks
import Pipelines
import Torch
import Training

struct TrainClassifier: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classifier", abstract: "Train a whole network: findings on films, or classes.",
        discussion: """
            --labels chexpert14 are the fourteen findings with four states each. --uncertain says what an uncertain \
            label counts for: a probability u with a weight w, for all findings or for one.

            Examples:
              lightbox train classifier --network densenet121 --labels chexpert14 --shape 320,320,1 \\
                --images 'train/frontal*' --eval-images 'valid/frontal*' --uncertain u=0.4,w=0.75 --output run/
              lightbox train classifier --images mimic-cxr-jpg/ --view frontal --uncertain hybrid \\
                --uncertain edema:u=0.6,w=1 --output run/ --processes 2
              lightbox train classifier --from densenet_frontal.h5 --scaling zero-to-one --labels chexpert14 \\
                --images mimic-cxr-jpg/ --view frontal --output run/
            """)

    @OptionGroup var classifier: ClassifierArguments
    @OptionGroup var data: DataArguments
    @Option(help: "Only films of this view: frontal, lateral or other.") var view: ViewKind?
    @Option(
        help:
            "What uncertain labels count for: u=0.4,w=0.75, ignore, zeros, ones, hybrid or learned; LABEL:… for one."
    )
    var uncertain: [String] = []
    @OptionGroup var learning: LearningArguments
    @OptionGroup var place: PlaceArguments
    @OptionGroup var processes: ProcessArguments
    @OptionGroup var global: GlobalOptions

    func run() throws {
        if try processes.launched() { return }
        var stage = try classifier.training(
            data, learning, policy: UncertaintyPolicy(parsing: uncertain), place: place.place(),
            threads: processes.engineThreads)
        stage.input.view = view
        try TrainingCommandRun(global: global, place: place).run { [stage] in try stage.run($0, note: $1) }
    }
}

/// Which network learns which labels, and how its images are prepared.
struct ClassifierArguments: ParsableArguments {
    @Option(help: "An architecture; `lightbox networks` lists them. (default: densenet121)") var network: String?
    @Option(help: "chexpert14, a YAML file, or a list of classes such as dict.txt; the data's own when left out.")
    var labels: String?
    @Option(help: "Keras weights or a model's folder to start from; random weights when left out.")
    var weights: String?
    @Option(
        help: ArgumentHelp(
            "Go on with a whole model and its own architecture: a Keras file (.h5, .keras) or a model's folder.",
            valueName: "model"))
    var from: String?
    @Option(help: "Height,width,channels of the input.") var shape: ImageShape?
    @Option(help: "Scaling of the pixels: zero-to-one, minus-one-to-one, imagenet-standardised, caffe or none.")
    var scaling: Preprocessing.Scaling?
    @Option(help: "avg or max.") var pooling = Pooling.max
    @Option(help: "Share of values dropped before the last layer.") var dropout: Float = 0
    @Option(help: "f32, bf16 or auto.") var precision = TrainingPrecision.auto
    @Option(
        help: ArgumentHelp(
            "Learn only these layers: head, a number from the end, or the first one's name.", valueName: "layers"))
    var train = "all"
    @Option(help: "each, or balanced: every finding's positives equally often.")
    var sampling = BatchSettings.Sampling.each
    @OptionGroup var augmentation: AugmentationArguments

    func validate() throws {
        guard from == nil || (weights == nil && network == nil && dropout == 0) else {
            throw ValidationError(
                "--from brings a network with its weights: leave out --network, --weights, --dropout.")
        }
    }

    /// - Parameter threads: of the engine; nil leaves the choice to it.
    func training(
        _ data: DataArguments, _ learning: LearningArguments, policy: UncertaintyPolicy, place: TrainingPlace,
        threads: Int?
    ) throws -> NetworkTraining {
        let labelSet = try labels.map(LabelSet.named)
        let isClasses = labelSet?.kind == .classes || (labelSet == nil && !data.classes.isEmpty)
        var settings = try learning.settings(
            isClasses ? .classes(hasExtraSlot: false) : .labels(policy), epochs: 3, rate: 1e-3)
        settings.precision = precision
        settings.trainable = try TrainableLayers(parsing: train)
        settings.threads = threads
        var training = NetworkTraining(
            network ?? "densenet121", input: try data.input(seed: learning.seed, labels: labelSet), place: place,
            settings: settings)
        training.start = weights
        training.model = from
        training.shape = shape
        training.scaling = scaling ?? (weights == nil && from == nil ? .zeroToOne : nil)
        training.pooling = pooling
        training.dropout = dropout
        training.sampling = sampling
        training.augmentation = augmentation.value
        return training
    }
}

/// Random changes of the training images.
struct AugmentationArguments: ParsableArguments {
    @Flag(help: "Mirror half of the images; not for films of chests.") var flip = false
    @Option(help: "Turn by up to so many degrees.") var rotation = 0.0
    @Option(help: "Move by up to this share of the side.") var shift = 0.0
    @Option(help: "Enlarge or shrink by up to this share.") var zoom = 0.0
    @Option(help: "Change the brightness by up to this share.") var brightness = 0.0
    @Option(help: "Change the contrast by up to this share.") var contrast = 0.0

    var value: Augmentation {
        var value = Augmentation()
        value.flip = flip
        value.rotationDegrees = rotation
        (value.shift, value.zoom) = (shift, zoom)
        (value.brightness, value.contrast) = (brightness, contrast)
        return value
    }
}
