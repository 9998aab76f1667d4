import ArgumentParser
import LightboxCore
import Pipelines

struct PhantomsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phantoms", abstract: "Draw synthetic chest radiographs as DICOM files, with labels.",
        discussion: """
            The same seed draws the same films. labels.csv has one column a finding: 0 not mentioned, 1 negative, \
            2 uncertain, 3 positive.

            Example:
              lightbox phantoms --patients 60 --output phantoms/
            """)

    @Option(help: "The folder to write to.") var output: String
    @Option(help: "How many patients; each has one to four studies.") var patients = 66
    @Option(help: "The same seed draws the same films.") var seed: UInt64 = 7
    @Flag(help: "Draw over a data set that is there already.") var overwrite = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (1...100_000).contains(patients) else { throw ValidationError("--patients is 1 to 100000.") }
    }

    func run() throws {
        try global.report { context in
            var stage = PhantomStage(patients: patients, seed: seed)
            stage.overwrites = overwrite
            let report = try stage.run(output: output, context)
            return (report, errorsIn: try context.home.localPath(of: output))
        }
    }
}
