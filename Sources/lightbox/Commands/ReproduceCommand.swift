import AnswerCards
import ArgumentParser
import Foundation
import LightboxCore
import Pipelines

struct ReproduceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reproduce", abstract: "Compute the answer of a card again, and hold it against the card.",
        discussion: """
            CARD is the JSON of an answer card: from `lightbox predict --cards`, the server or a page. The image may be \
            left out where a DICOM store of the home has it. Ends with 0 for the same bytes, with 3 for other ones, which it \
            tells.

            Examples:
              lightbox reproduce cards/film.json film.dcm
              lightbox reproduce card.json film.dcm --model run/model
            """)

    @Argument(help: "The card's JSON file.") var card: String
    @Argument(help: "The image that it is about.") var image: String?
    @Option(help: "The model's folder, where it is not the registry's version that the card names.") var model:
        String?
    @Option(help: "The table of known cases, with the one of their labels: TABLE,LABELS.") var cases: CaseTables?
    @OptionGroup var global: GlobalOptions

    private struct Answer: Encodable {
        let isSame: Bool
        let card: String
        let now: String
        let differences: [String]
    }

    func run() throws {
        var stage = ReproduceStage(card: card)
        stage.image = image
        stage.model = model
        stage.cases = cases?.source
        try global.run { [stage] context in
            let result = try stage.run(context)
            let isSame = result.differences.isEmpty
            if global.json {
                try printJSON(
                    Answer(
                        isSame: isSame, card: result.card.sha256.description, now: result.sha256.description,
                        differences: result.differences))
            } else if isSame {
                print("The same answer, byte for byte: SHA-256 \(result.sha256).")
            } else {
                print("Another answer: \(result.differences.joined(separator: "; ")).")
                print("The card's SHA-256  \(result.card.sha256)\nnow                 \(result.sha256)")
            }
            if !isSame { throw ExitCode(ExitStatus.partial) }
        }
    }
}
