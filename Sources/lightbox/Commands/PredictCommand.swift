import ArgumentParser
import Features
import Foundation
import LightboxCore
import Pipelines

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Ask a trained model about images.",
        discussion: """
            PREDICTION is the place of the highest score among the model's labels, from 0; a last score beyond them \
            stands for images without a label.

            Examples:
              lightbox predict --model flowers/ daisy.jpg unknown/
              lightbox predict --model densenet.h5 --labels chexpert14 --scaling zero-to-one film.png
              lightbox predict --model flowers --json-instances request.json

            --cards writes an answer card for each image: hashes, probabilities with their intervals, thresholds with their             rates (from `lightbox evaluate --keep`), the heat map and, with --cases, the nearest known cases:
              lightbox predict --model films --cards cards/ --cases film_vectors film.dcm

            --json-instances answers as the service does, for any model that can be served: one instance on a line, \
            as `lightbox request` writes them.
            """)

    @Option(
        help: "A model of the registry, a model's folder, the folder of the run that made it, or a Keras file.")
    var model: String
    @Argument(help: "Files, folders, quoted patterns or dicom:STORE.") var images: [String] = []
    @OptionGroup var instances: InstanceArguments
    @Option(help: "A folder that gets an answer card for each image.") var cards: String?
    @Option(help: "What cards are written as: json, html, pdf, dicom (a structured report), with commas.")
    var cardFormats = CardFormats.usual
    @Option(help: "A table of vectors of the model's network, for cards: TABLE, or TABLE,LABELS.") var cases:
        CaseTables?
    @Option(help: "f32 or bf16.") var precision = Precision.float32
    @Option(
        help: "Of a Keras file: what its scores are called: chexpert14, a YAML file, a dict.txt, or NAME,NAME.")
    var labels: String?
    @OptionGroup var kerasFile: KerasFileArguments
    @OptionGroup var global: GlobalOptions

    private struct Line: Encodable {
        let key: String
        let prediction: Int
        let label: String?
        let scores: [Float]
    }

    func validate() throws {
        guard images.isEmpty == (instances.file != nil) else {
            throw ValidationError("Name images, or give --json-instances or --text-instances.")
        }
        guard cases == nil || cards != nil else { throw ValidationError("--cases goes with --cards.") }
        guard cards == nil || instances.file == nil else { throw ValidationError("--cards takes images.") }
    }

    func run() throws {
        if let file = instances.file {
            return try global.run { context in
                try instances.answer(file, by: model, isJSON: global.json, context)
            }
        }
        if let cards { return try write(cards) }
        var stage = PredictStage(model: model)
        stage.precision = precision
        stage.facts = try kerasFile.facts(labels: labels)
        try global.run { [stage] context in
            let result = try stage.run(images, context)
            let lines = zip(result.origins, result.predictions).map {
                Line(key: $0, prediction: $1.bestIndex, label: $1.bestLabel, scores: $1.scores)
            }
            if global.json {
                for line in lines { try printJSON(line) }
            } else {
                Self.printTable(lines)
            }
            for problem in result.problems { global.note("left out: \(problem.source): \(problem.reason)") }
            if !result.problems.isEmpty { throw ExitCode(ExitStatus.partial) }
        }
    }

    private func write(_ folder: String) throws {
        var stage = CardStage(model: model)
        stage.version = instances.version
        stage.cases = cases?.source
        stage.formats = cardFormats.formats
        stage.release = Lightbox.version
        try global.report { [stage] context in
            let folder = try context.home.localPath(of: folder)
            return (try stage.run(images, to: folder, context), folder)
        }
    }

    private static func printTable(_ lines: [Line]) {
        let width = max(3, lines.map(\.key.count).max() ?? 0)
        let labels = max(5, lines.map { $0.label?.count ?? 1 }.max() ?? 0)
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - text.count))
        }
        print("\(padded("KEY", width))  PREDICTION  \(padded("LABEL", labels))  SCORES")
        for line in lines {
            let scores = line.scores.map { "\($0)" }.joined(separator: ", ")
            let key = padded(Terminal.printable(line.key), width)
            print(
                "\(key)  \(padded(String(line.prediction), 10))  \(padded(line.label ?? "–", labels))  [\(scores)]"
            )
        }
    }
}

/// `json,html,pdf,dicom`.
struct CardFormats: ExpressibleByArgument {
    static let usual = CardFormats([.json, .html])
    let formats: [CardStage.Format]

    private init(_ formats: [CardStage.Format]) { self.formats = formats }

    init?(argument: String) {
        let names = argument.split(separator: ",").map(String.init)
        formats = names.compactMap { CardStage.Format(rawValue: $0) }
        guard formats.count == names.count, !formats.isEmpty else { return nil }
    }

    var defaultValueDescription: String { formats.map(\.rawValue).joined(separator: ",") }
}

/// `TABLE` or `TABLE,LABELS`.
struct CaseTables: ExpressibleByArgument {
    let source: CaseSource

    init?(argument: String) {
        let tables = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(tables.count), !tables.contains("") else { return nil }
        source = CaseSource(table: tables[0], labels: tables.dropFirst().first)
    }
}
