import ArgumentParser
import DICOMStore
import Foundation
import LightboxCore

struct DICOMRevisions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revisions", abstract: "List the files that newer ones under the same UID have replaced.",
        discussion: """
            For stores that were made with --keep-revisions; the others refuse a different file under a known UID.

            Example:
              lightbox dicom revisions --store study1 --uid 1.2.3
            """)

    @OptionGroup var store: StoreOptions
    @Option(help: "Only those of one SOP Instance UID.") var uid: String?
    @OptionGroup var global: GlobalOptions

    func run() throws {
        let revisions = try store.open(in: global.home).revisions(of: uid)
        if global.json { return try printJSON(revisions) }
        printTable(
            ["INSTANCE", "REPLACED", "BYTES", "FILE"],
            revisions.map {
                [$0.sopInstanceUID, $0.replaced.formatted(.iso8601), String($0.size), RemoteFiles.shown($0.path)]
            })
    }
}
