import ArgumentParser
import DICOMNetwork
import LightboxCore
import Pipelines

struct DICOMEcho: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "echo", abstract: "Ask whether a DICOM application answers (C-ECHO).",
        discussion: """
            Examples:
              lightbox dicom echo ARCHIVE@10.0.0.5:104
              lightbox dicom echo ARCHIVE@pacs.example.org:2762 --tls --calling-title WARD3
            """)

    @OptionGroup var peer: PeerArguments
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.run { context in
            try peer.client(in: context.home).echo()
            let name = peer.peer.endpoint.description
            print(global.json ? "{\"answers\": true}" : Terminal.printable("\(name) answers."))
        }
    }
}
