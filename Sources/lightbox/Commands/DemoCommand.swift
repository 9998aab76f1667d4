import ArgumentParser
import Foundation
import LightboxCore
import Pipelines
import Warehouse

struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Watch DICOM files become pictures, records, vectors, tables and a trained model.",
        discussion: """
            Without a folder it draws about 200 synthetic chest radiographs first, and at the end trains a small \
            DenseNet on more of them. What it makes stays in the \
            home's demo folder and in the tables demo.*, replacing what an earlier demo made there.

            Examples:
              lightbox demo
              lightbox demo --dicom scans/
            """)

    @Option(help: "Your own DICOM files: a folder or quoted pattern.") var dicom: String?
    @Option(help: "The network; `lightbox networks` lists them.") var network = "xception"
    @Option(help: "Its Keras weight file.") var weights: String?
    @OptionGroup var global: GlobalOptions

    func run() throws {
        var stage = DemoStage()
        stage.dicomFolder = dicom
        stage.network = network
        stage.weights = weights
        try global.run { [stage] context in
            let teller = DemoTeller(home: context.home.path, asJSON: global.json)
            try stage.run(context, tell: teller.tell)
            teller.finish()
            if teller.leftOut > 0 { throw ExitCode(ExitStatus.partial) }
        }
    }
}
