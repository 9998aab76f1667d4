import ArgumentParser
import DICOMStore
import LightboxCore
import Pipelines

struct DICOMExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a store's images as PNG, JPEG or DICOM files.",
        discussion: """
            Files are named STUDY/SERIES/INSTANCE.png; frames of a multi-frame image INSTANCE_0001.png and so on. \
            Files that are there already are left alone, whatever the settings were; --overwrite writes them anew.

            Examples:
              lightbox dicom export --store study1 --to png/
              lightbox dicom export --store study1 --to gs://my_bucket/png --window 40,400
            """)

    @OptionGroup var store: StoreOptions
    @Option(name: .customLong("to"), help: ArgumentHelp("The folder to write to.", valueName: "dir")) var output:
        String
    @Option(help: "png, jpeg, dicom, or frames for their bytes alone.") var format: ExportStage.Format = .png
    @OptionGroup var display: DisplayArguments
    @Option(help: "8 or 16 bits a sample; 16 is for grey PNG.") var bits = 8
    @Option(help: "1 to 100, for JPEG.") var quality = 90
    @Flag(help: "Write files that are there already anew.") var overwrite = false
    @Flag(help: "End at the first image that cannot be written.") var stopAtFirstError = false
    @OptionGroup(title: "Spreading the work") var runner: RunnerOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard bits == 8 || bits == 16 else { throw ValidationError("--bits is 8 or 16.") }
        guard bits == 8 || format == .png else { throw ValidationError("--bits 16 needs --format png.") }
        guard (1...100).contains(quality) else { throw ValidationError("--quality is 1 to 100.") }
    }

    func run() throws {
        try global.report { context in
            var context = context
            context.distribution = try runner.distribution(
                in: context.home, stopsAtFirstError: stopAtFirstError)
            var stage = ExportStage()
            stage.format = format
            stage.display = DisplayOptions(window: display.window)
            stage.frames = display.frames
            stage.bits = bits
            stage.jpegQuality = quality
            stage.stopsAtFirstError = stopAtFirstError
            stage.overwrites = overwrite
            let store = try store.open(in: context.home)
            return (try stage.run(store, to: output, context), errorsIn: try context.home.localPath(of: output))
        }
    }
}
