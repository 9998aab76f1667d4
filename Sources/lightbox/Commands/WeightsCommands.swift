import ArgumentParser
import Features
import LightboxCore
import Pipelines
import Warehouse

/// `lightbox weights …`
struct WeightsCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weights", abstract: "Fetch the public pretrained weights, or list them.",
        subcommands: [WeightsPull.self, WeightsList.self])
}

struct WeightsPull: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Fetch a network's ImageNet weights into the home's weights folder.",
        discussion: """
            The file comes from Keras's own publisher, or from --mirror with the same folders, and is checked against \
            the digest that Keras states. An interrupted download is continued.

            Example:
              lightbox weights pull xception
            """)

    @Argument(help: "A network; `lightbox weights list` lists them.") var network: String
    @Flag(help: "The file with the classifier of ImageNet's 1,000 classes.") var top = false
    @Option(help: "Another server with the publisher's folders.") var mirror: String?
    @Option(help: "The SHA-256 that the file must have, where its publisher states no digest.") var sha256: String?
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard sha256.map({ ContentHash($0) != nil }) ?? true else {
            throw ValidationError("--sha256 has 64 hexadecimal digits.")
        }
    }

    func run() throws {
        try global.report { context in
            let file = try WeightsCatalogue.file(network, top: top)
            let result = try WeightsDownloader(folder: context.home.weights, mirror: mirror)
                .pull(file, pinned: sha256.flatMap { ContentHash($0) }, progress: context.progress)
            if !result.isVerified {
                global.note(
                    "Keras states no digest for this file. Its SHA-256 is \(result.sha256); check it once and "
                        + "pass it as --sha256 next time.")
            }
            var report = StageReport(stage: "weights")
            if result.wasDownloaded { report.written = 1 } else { report.unchanged = 1 }
            report.outputs = [result.path]
            return (report, errorsIn: context.home.weights)
        }
    }
}

struct WeightsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the public weight files.")

    @OptionGroup var global: GlobalOptions

    private struct Row: Encodable {
        let network, file, licence, url: String
        let hasTop: Bool
        let inputSize: Int
    }

    func run() throws {
        let rows = WeightsCatalogue.files.map { file in
            Row(
                network: file.network, file: file.fileName, licence: file.licence.rawValue, url: file.url,
                hasTop: file.hasTop, inputSize: file.inputSize)
        }
        if global.json { return try printJSON(rows) }
        var table = TextTable(header: ["network", "input", "top", "licence", "file"])
        for row in rows {
            table.add([
                .text(row.network), .integer(Int64(row.inputSize)), .boolean(row.hasTop), .text(row.licence),
                .text(row.file),
            ])
        }
        for line in table.lines() { print(line) }
    }
}
