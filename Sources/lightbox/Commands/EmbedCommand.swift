import ArgumentParser
import Features
import Foundation
import LightboxCore
import Networks
import Pipelines

struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed", abstract: "Turn images into feature vectors.",
        discussion: """
            Input: dicom:STORE, a folder or quoted pattern of PNG, JPEG and DICOM files, a CSV of paths, TFRecords, \
            or JSON lines with {"b64": …}. Output: JSON lines, TFRecords (.tfrecord), a numpy array (.npy) or a \
            table (sql:TABLE). A run that was stopped goes on where it was.

            Examples:
              lightbox embed --network xception --input dicom:study1 --output vectors.jsonl
              lightbox embed --network mobilenet_v2_0.35 --weights w.h5 --input photos/ --output sql:photos
              lightbox embed --model net.onnx --shape 224,224,3 --scaling zero-to-one --input photos/ --output v.npy
            """)

    @Option(help: ArgumentHelp("An architecture; `lightbox networks` lists them.", valueName: "name"))
    var network: String?
    @Option(help: "Its Keras weight file; by default the one that `lightbox weights pull` fetched.")
    var weights: String?
    @Flag(help: "Use seeded, untrained weights: for trying things out.") var untrained = false
    @Option(help: "Your own extractor instead of --network: ONNX, SavedModel folder, OpenVINO IR or TFLite.")
    var model: String?
    @Option(help: "Height,width,channels of the input of --model, or another input size for --network.")
    var shape: ImageShape?
    @Option(help: "Scaling for --model: none, zero-to-one, minus-one-to-one, imagenet-standardised or caffe.")
    var scaling: Preprocessing.Scaling?
    @Option(help: ArgumentHelp("What to embed.", valueName: "images")) var input: String
    @Option(help: ArgumentHelp("Where the vectors go.", valueName: "vectors")) var output: String
    @Option(help: "avg, max, or none for the whole feature map.") var pooling: Pooling = .average
    @Option(help: "auto, f32, bf16 or int8; auto takes the fastest that agrees with f32.")
    var precision: Precision = .auto
    @Option(help: "Least mean cosine to f32 for auto.") var agreement = 0.999
    @Option(help: "Images that go through the network together.") var batchSize = 8
    @Option(help: "Worker threads; all cores when left out.") var threads: Int?
    @Flag(
        help: "A second vector of brightness, contrast and sharpness, with sql:TABLE; `analyze novelty` uses it.")
    var appearance = false
    @Flag(help: "Replace an output that exists.") var overwrite = false
    @Flag(help: "End at the first image that cannot be read.") var stopAtFirstError = false
    @OptionGroup var display: DisplayArguments
    @OptionGroup(title: "Spreading the work") var runner: RunnerOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (network == nil) != (model == nil) else { throw ValidationError("Give --network or --model.") }
        guard model == nil || shape != nil else {
            throw ValidationError("--model needs --shape HEIGHT,WIDTH,CHANNELS.")
        }
        guard scaling == nil || model != nil else { throw ValidationError("--scaling goes with --model.") }
        guard weights == nil || !untrained else { throw ValidationError("Give --weights or --untrained.") }
        guard !appearance || output.lowercased().hasPrefix("sql:") else {
            throw ValidationError("--appearance goes with --output sql:TABLE.")
        }
        guard (1...1024).contains(batchSize) else { throw ValidationError("--batch-size is 1 to 1024.") }
        guard threads.map({ (1...1024).contains($0) }) ?? true else {
            throw ValidationError("--threads is 1 to 1024.")
        }
        guard (0...1).contains(agreement) else { throw ValidationError("--agreement lies between 0 and 1.") }
    }

    func run() throws {
        try global.report { context in
            var context = context
            if let threads { context.threads = threads }
            context.distribution = try runner.distribution(
                in: context.home, stopsAtFirstError: stopAtFirstError)
            var stage = EmbedStage(extractor: configuration)
            stage.batchSize = batchSize
            stage.display = DisplayOptions(window: display.window)
            stage.frames = display.frames
            stage.stopsAtFirstError = stopAtFirstError
            stage.overwrites = overwrite
            stage.keepsAppearance = appearance
            let target = VectorOutput(output)
            let report = try stage.run(ImageInput(input), output: target, context)
            global.note(report.summary)
            return (report.stage, errorsIn: try target.folder(in: context.home))
        }
    }

    private var configuration: ExtractorConfiguration {
        var configuration = ExtractorConfiguration(source)
        configuration.pooling = pooling
        configuration.precision = precision
        configuration.agreement = agreement
        configuration.shape = shape
        return configuration
    }

    private var source: ExtractorConfiguration.Source {
        if let model, let shape {
            let preprocessing = Preprocessing(
                height: shape.height, width: shape.width, channels: shape.channels, scaling: scaling ?? .zeroToOne)
            return .model(path: model, preprocessing)
        }
        return untrained ? .untrained(network ?? "") : .network(network ?? "", weights: weights)
    }
}
