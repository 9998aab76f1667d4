import ArgumentParser
import Foundation
import LightboxCore
import Pipelines
import WireFormats

struct RecordsShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Count TFRecords and print what the first ones hold.",
        discussion: """
            Example:
              lightbox records show 'records/*.tfrecord' --first 1
            """)

    @Argument(help: "TFRecord files: a path, folder, quoted pattern or gs://BUCKET/…") var records: String
    @Option(help: "How many records to print.") var first = 3
    @Flag(help: "End at the first damaged record.") var stopAtFirstError = false
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.run { context in
            var listing = RecordsListing()
            listing.shown = first
            listing.corruption = stopAtFirstError ? .fail : .skip
            let result = try listing.run(records, context)
            if global.json { try printJSON(result) } else { print(text(result)) }
            if !result.problems.isEmpty { throw ExitCode(ExitStatus.partial) }
        }
    }

    private func text(_ result: RecordsListing.Result) -> String {
        var lines = ["\(result.records) records in \(result.files) files, \(result.bytes) bytes"]
        for (name, feature) in result.features.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(name): \(feature.kind), in \(feature.records)")
        }
        for record in result.first {
            lines.append(record.origin)
            for (name, value) in record.features.sorted(by: { $0.key < $1.key }) {
                lines.append("  \(name) = \(value)")
            }
        }
        for problem in result.problems { lines.append("\(problem.source): \(problem.reason)") }
        return lines.joined(separator: "\n")
    }
}
