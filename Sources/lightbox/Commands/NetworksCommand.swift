import ArgumentParser
import LightboxCore
import Networks
import Pipelines
import Warehouse

struct NetworksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "networks", abstract: "List the architectures.",
        discussion: """
            Example:
              lightbox networks --json
            """)

    @OptionGroup var global: GlobalOptions

    /// One architecture, as printed.
    private struct Row: Encodable {
        let name: String
        let input: [Int]
        let scaling: String
        let features: Int
        let paper: String
        let weightsLicence: String
    }

    func run() throws {
        let rows = Network.all.map { network in
            let input = network.preprocessing
            return Row(
                name: network.name, input: [input.height, input.width, input.channels],
                scaling: input.scaling.rawValue, features: network.featureCount, paper: network.paper,
                weightsLicence: network.weightsLicence)
        }
        if global.json { return try printJSON(rows) }
        var table = TextTable(header: [
            "network", "input", "scaling", "features", "paper", "licence of the weights",
        ])
        for row in rows {
            let input = row.input.map(String.init).joined(separator: " × ")
            table.add([
                .text(row.name), .text(input), .text(row.scaling), .integer(Int64(row.features)), .text(row.paper),
                .text(row.weightsLicence),
            ])
        }
        for line in table.lines() { print(line) }
    }
}
