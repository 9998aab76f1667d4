public import ArgumentParser
import DICOMStore
import Datasets
import Foundation
import LightboxCore
public import Pipelines

struct DICOMPredictions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "results", abstract: "Write a model's predictions as DICOM reports and heat maps.",
        discussion: """
            Each image gets a structured report (Measurement Report, TID 1500) in its study; --heatmaps sc adds \
            pictures of the labels found over the image, --heatmaps seg a segmentation with a segment for each. \
            The objects go into the store that the images come from, unless --into or --output names another place; \
            from there they are sent and fetched like any other. What is there already is left alone. Nothing of it \
            is for diagnostic use.

            Examples:
              lightbox dicom results --store study1 --model chest --view frontal
              lightbox dicom results --store study1 --model chest --heatmaps seg --output results/
              lightbox dicom results scans/ --model chest --heatmaps sc --into answers
            """)

    @Argument(help: ArgumentHelp("DICOM files, folders, quoted patterns; or give --store.", valueName: "src"))
    var sources: [String] = []
    @Option(help: ArgumentHelp("The DICOM store with the images, NAME or DATASET/NAME.", valueName: "store"))
    var store: String?
    @Option(
        help: "A model of the registry, a model's folder, the folder of the run that made it, or a Keras file.")
    var model: String
    @Option(help: "none, sc for secondary captures, seg for segmentations.") var heatmaps: ResultsStage.Heatmaps =
        .none
    @Option(help: "Only films of this view: frontal, lateral or other.") var view: ViewKind?
    @Option(help: "Frames of multi-frame images: all, first, middle, or numbers such as 1,5,9.")
    var frames: FrameChoice = .first
    @Option(help: ArgumentHelp("The folder to write to.", valueName: "dir")) var output: String?
    @Option(help: ArgumentHelp("The DICOM store to write to, NAME or DATASET/NAME.", valueName: "store"))
    var into: String?
    @Option(
        help: "Of a Keras file: what its scores are called: chexpert14, a YAML file, a dict.txt, or NAME,NAME.")
    var labels: String?
    @OptionGroup var kerasFile: KerasFileArguments
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard sources.isEmpty == (store != nil) else { throw ValidationError("Name files, or give --store.") }
        guard output == nil || into == nil else { throw ValidationError("Give one of --output and --into.") }
        guard store != nil || output != nil || into != nil else {
            throw ValidationError("Say where the results go: --output or --into.")
        }
    }

    func run() throws {
        var stage = ResultsStage(model: model, version: Lightbox.version, time: Date())
        stage.facts = try kerasFile.facts(labels: labels)
        stage.heatmaps = heatmaps
        stage.view = view
        stage.frames = frames
        try global.report { [stage] context in
            let images = try store.map { try DICOMCatalog(home: context.home).store(DICOMStoreName($0)) }
            let (destination, folder) = try destination(images, context.home)
            let report =
                if let images { try stage.run(images, to: destination, context) } else {
                    try stage.run(sources, to: destination, context)
                }
            return (report, errorsIn: folder)
        }
    }

    private func destination(
        _ images: DICOMStore?, _ home: Home
    ) throws -> (ResultsStage.Destination, folder: String) {
        if let output {
            let folder = try home.localPath(of: output)
            return (.folder(folder), folder)
        }
        let store =
            try into.map { try DICOMCatalog(home: home).store(DICOMStoreName($0), creating: true) } ?? images!
        return (.store(store), store.reports)
    }
}

extension ResultsStage.Heatmaps: ExpressibleByArgument {}
