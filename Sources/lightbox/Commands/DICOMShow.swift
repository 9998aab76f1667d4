import ArgumentParser
import DICOM
import Foundation
import LightboxCore
import Pipelines

struct DICOMShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Print what a DICOM file holds.",
        discussion: """
            Values are shown as they are: the output may identify a patient. --hide-values leaves them out; --json \
            prints DICOM JSON (PS3.18 annex F).

            Example:
              lightbox dicom show scan.dcm --hide-values
            """)

    @Argument(help: "A DICOM file.") var file: String
    @Flag(help: "Show tags, types and lengths only.") var hideValues = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if hideValues && global.json {
            throw ValidationError("--json shows values; leave out --json or --hide-values.")
        }
    }

    func run() throws {
        try global.run { context in
            let path = try context.home.localPath(of: file)
            let dicom = try DICOMFile(path: path, options: ReadOptions(stopsBeforePixelData: global.json))
            if global.json {
                var bytes: [UInt8] = []
                DICOMJSON.encode(dicom.dataSet, into: &bytes)
                print(String(decoding: bytes, as: UTF8.self))
            } else {
                print(dicom.dump(showsValues: !hideValues), terminator: "")
            }
        }
    }
}
