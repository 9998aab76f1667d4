import ArgumentParser
import DICOMStore
import Foundation
import LightboxCore
import Pipelines
import Serving

struct DICOMVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Find files of a store that are missing, changed or not in its index.",
        discussion: """
            Reads every file and compares it with the hash it had when it was taken in; nothing is changed without \
            --remove-unknown. A file that is not in the index was left by a crash, before anybody was told that it is \
            stored or after its instance was removed. Fails when a file is missing or changed.

            Files that servers share are listed, and their sizes compared; --read fetches and hashes every one.

            Examples:
              lightbox dicom verify --store study1
              lightbox dicom verify --store study1 --remove-unknown
            """)

    @OptionGroup var store: StoreOptions
    @Flag(help: "Remove the files that are not in the index.") var removeUnknown = false
    @Flag(help: "Fetch and hash also what stands in object storage.") var read = false
    @OptionGroup var global: GlobalOptions

    func run() throws {
        var report = VerifyReport()
        try global.run { context in
            let store = try store.open(in: context.home)
            report = try waiting {
                try await store.verify(
                    removesUnknown: removeUnknown, readsObjects: read, progress: context.progress)
            }
        }
        report.missing = report.missing.map(RemoteFiles.shown)
        report.changed = report.changed.map(RemoteFiles.shown)
        report.orphaned = report.orphaned.map(RemoteFiles.shown)
        if global.json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else {
            for (word, paths) in [
                ("missing", report.missing), ("changed", report.changed),
                (removeUnknown ? "removed, not in the index" : "not in the index", report.orphaned),
            ] {
                for path in paths { print("\(word): \(path)") }
            }
            print(
                "\(report.intact) intact, \(report.missing.count) missing, \(report.changed.count) changed, "
                    + "\(report.orphaned.count) not in the index")
        }
        guard report.missing.isEmpty, report.changed.isEmpty else { throw ExitCode(ExitStatus.corrupt) }
    }
}
