import ArgumentParser
import Foundation
import LightboxCore
import Pipelines

struct RecordsWrite: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "write", abstract: "Collect images, resized, in TFRecord shards.",
        discussion: """
            Every record is a tf.Example with study, series, instance and png_bytes (or jpg_bytes, raw_bytes), and \
            with the columns of the CSV. The shards are OUTPUT-00000-of-00004.tfrecord and so on.

            Examples:
              lightbox records write --images png/ --output records/images --shape 299,299,1 --shards 4
              lightbox records write --images labels.csv --output records/train --shape 224,224,3 --encoding jpeg
              lightbox records write --images dicom:study1 --output records/study1 --shape 320,320,1 --gzip
            """)

    @Option(help: "A folder, quoted pattern, CSV with a path column, or dicom:STORE.") var images: String
    @Option(help: "Where the shards go: the beginning of their paths.") var output: String
    @Option(help: "Height,width,channels of the stored images; their own size when left out.") var shape:
        ImageShape?
    @Option(help: "How many files.") var shards = 1
    @Option(help: "png, jpeg or raw.") var encoding: RecordsStage.Encoding = .png
    @Option(help: "1 to 100, for JPEG.") var quality = 90
    @Option(help: "bilinear (TensorFlow 2) or legacyBilinear (TensorFlow 1).")
    var resampling: Preprocessing.Resampling = .bilinear
    @Flag(help: "Compress the shards with gzip.") var gzip = false
    @Flag(help: "Replace shards that exist.") var overwrite = false
    @Flag(help: "End at the first image that cannot be read.") var stopAtFirstError = false
    @OptionGroup var display: DisplayArguments
    @OptionGroup(title: "Spreading the work") var runner: RunnerOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (1...99_999).contains(shards) else { throw ValidationError("--shards is 1 to 99999.") }
        guard (1...100).contains(quality) else { throw ValidationError("--quality is 1 to 100.") }
    }

    func run() throws {
        var stage = RecordsStage()
        stage.shape = shape
        stage.shards = shards
        stage.encoding = encoding
        stage.jpegQuality = quality
        stage.resampling = resampling
        stage.compressesWithGzip = gzip
        stage.display = DisplayOptions(window: display.window)
        stage.frames = display.frames
        stage.stopsAtFirstError = stopAtFirstError
        stage.overwrites = overwrite
        try global.report { [stage] context in
            var context = context
            context.distribution = try runner.distribution(
                in: context.home, stopsAtFirstError: stopAtFirstError)
            let report = try stage.run(ImageInput(images), output: output, context)
            let folder = (try context.home.localPath(of: output) as NSString).deletingLastPathComponent
            return (report, errorsIn: folder)
        }
    }
}
