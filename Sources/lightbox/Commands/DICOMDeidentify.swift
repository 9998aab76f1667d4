public import ArgumentParser
import DICOMStore
public import Deidentification
import Foundation
import LightboxCore
import Pipelines

struct DICOMDeidentify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deidentify", abstract: "Write DICOM files without what identifies their patients.",
        discussion: """
            The Basic Application Level Confidentiality Profile of PS3.15 with the options chosen, changed by the rules \
            file. Patients, studies and images get new names that belong to the key: the same key gives the same names, \
            and who has neither key nor correspondence table cannot go back. Text within pixels is not recognised: \
            warnings.jsonl lists files that may have some; pixel rules blank it.

            Files that are left out are named by their place in the sorted list of inputs, as their own names may \
            identify a patient; --correspondence says which is which.

            Options: clean-descriptors, clean-graphics, clean-structured-content, clean-pixel-data, \
            retain-modified-dates, retain-full-dates, retain-uids, retain-device-identity, \
            retain-institution-identity, retain-patient-characteristics, retain-safe-private.

            Examples:
              lightbox dicom deidentify scans/ --output shared/
              lightbox dicom deidentify dicom:study1 --store study1_public --option retain-modified-dates \
            --correspondence ~/private/study1.csv
              lightbox dicom deidentify scans/ --output shared/ --rules project.yaml --key ~/private/project.key
            """)

    @Argument(
        help: ArgumentHelp(
            "Files, folders, quoted patterns, gs://BUCKET/… in the home's buckets, or dicom:STORE.",
            valueName: "src"))
    var sources: [String]
    @Option(help: ArgumentHelp("The folder to write to.", valueName: "dir")) var output: String?
    @Option(help: ArgumentHelp("The DICOM store to write to, NAME or DATASET/NAME.", valueName: "store"))
    var store: String?
    @Option(help: ArgumentHelp("basic, keep-all, keep-listed or minimal; the rules file may say so too."))
    var profile: ConfidentialityProfile?
    @Option(name: .customLong("option"), help: "An option of the basic profile; may be given several times.")
    var options: [ConfidentialityOption] = []
    @Option(help: ArgumentHelp("A YAML file with rules for attributes and pixels.", valueName: "file"))
    var rules: String?
    @Option(
        help: ArgumentHelp(
            "The project's key; made when there is none. (default: deidentification.key in the home folder)",
            valueName: "file"))
    var key: String?
    @Option(
        help: ArgumentHelp(
            "A CSV file for old and new names, outside the output; it undoes the work.", valueName: "file"))
    var correspondence: String?
    @Flag(help: "Leave out files that have text in their pixels, or usually do, unless a rule blanks it.")
    var refuseBurnedIn = false
    @Flag(help: "End at the first file that cannot be de-identified.") var stopAtFirstError = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (output == nil) != (store == nil) else { throw ValidationError("Give one of --output and --store.") }
        if let output, let correspondence {
            let folder = URL(fileURLWithPath: output).standardizedFileURL.path + "/"
            guard !URL(fileURLWithPath: correspondence).standardizedFileURL.path.hasPrefix(folder) else {
                throw ValidationError("--correspondence undoes the work: keep it outside --output.")
            }
        }
    }

    func run() throws {
        try global.report { context in
            var stage = DeidentifyStage(try deidentifier(context.home))
            stage.correspondencePath = correspondence
            stage.stopsAtFirstError = stopAtFirstError
            let (destination, folder) = try destination(in: context.home)
            let result = try stage.run(sources, to: destination, context)
            for code in Finding.Code.allCases {
                guard let count = result.findings[code] else { continue }
                let sign = Finding(code).isWarning ? "warning: " : ""
                global.note("\(sign)\(count) files: \(Finding(code))")
            }
            return (result.report, errorsIn: folder)
        }
    }

    private func deidentifier(_ home: Home) throws -> Deidentifier {
        let file = try rules.map { try RuleFile(path: home.localPath(of: $0)) }
        var deidentifier = try Deidentifier(
            profile: profile ?? file?.profile ?? .basic, options: (file?.options ?? []).union(options),
            rules: file?.rules ?? RuleSet(),
            key: key.map { try DeidentificationKey(file: $0) } ?? home.keyOfNewNames())
        deidentifier.refusesBurnedInText = refuseBurnedIn
        return deidentifier
    }

    private func destination(in home: Home) throws -> (DeidentifyStage.Destination, folder: String) {
        if let store {
            let store = try DICOMCatalog(home: home).store(DICOMStoreName(store), creating: true)
            return (.store(store), store.reports)
        }
        let folder = try home.localPath(of: output!)
        return (.folder(folder), folder)
    }
}

extension ConfidentialityOption: ExpressibleByArgument {}
extension ConfidentialityProfile: ExpressibleByArgument {}
