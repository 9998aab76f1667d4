public import ArgumentParser
import Foundation
import LightboxCore
public import ModelRegistry
import Pipelines

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a trained model for another program.",
        discussion: """
            onnx and openvino are image in, scores out; keras-h5 is a whole Keras model; safetensors holds the \
            weights alone.

            Example:
              lightbox export --model runs/chest --format keras-h5 --output chest.h5
            """)

    @Option(
        help: ArgumentHelp("A model's folder, that of the run that trained it, or a Keras file.", valueName: "dir")
    )
    var model: String
    @Option(help: "onnx, keras-h5, safetensors or openvino.") var format: ModelExport.Format
    @Option(help: ArgumentHelp("The file, or a folder that is there.", valueName: "path")) var output: String
    @Flag(help: "Replace a file that is there.") var overwrite = false
    @Option(
        help: "Of a Keras file: what its scores are called: chexpert14, a YAML file, a dict.txt, or NAME,NAME.")
    var labels: String?
    @OptionGroup var kerasFile: KerasFileArguments
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.report { context in
            let folder = try ModelPlace.open(model, context, facts: kerasFile.facts(labels: labels))
            let path = try context.home.localPath(of: output)
            var isFolder: ObjCBool = false
            let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            let file = isThere && isFolder.boolValue ? path + "/" + format.fileName : path
            guard overwrite || !RemoteFiles.exists(file) else {
                throw InputError(.conflict, "\(RemoteFiles.shown(file)) exists. Pass --overwrite to replace it.")
            }
            var report = StageReport(stage: "model export")
            report.outputs = try ModelExport.write(folder, as: format, to: path)
            report.written = report.outputs.count
            return (report, errorsIn: (file as NSString).deletingLastPathComponent)
        }
    }
}

extension ModelExport.Format: ExpressibleByArgument {}
