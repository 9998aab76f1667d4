import Analysis
import ArgumentParser
import Foundation
import LightboxCore
import Pipelines

struct AnalyzeNovelty: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "novelty", abstract: "How strange each row is to the cases that a model was trained on.",
        discussion: """
            Columns: novelty (a score), novelty_p (the share of training cases that are as strange), stranger_than \
            (per cent of the training cases), is_strange; and of each signal alone features_, neighbours_ and \
            appearance_distance and _p. Tables made with `embed --appearance` are also held against each other in \
            brightness, contrast and sharpness.

            Example:
              lightbox embed --network mobilenet_v2 --input new/ --appearance --output sql:new
              lightbox analyze novelty new --against training --group patient --output strange.csv
            """)

    @Argument(help: "A table with a column of vectors, or a SELECT.") var table: String
    @Option(help: ArgumentHelp("The training cases: a table, or a SELECT.", valueName: "table")) var against:
        String?
    @Option(help: ArgumentHelp("What --save made of training cases, in place of --against.", valueName: "file"))
    var of: String?
    @Option(help: ArgumentHelp("A file for what was learnt of the training cases.", valueName: "file"))
    var save: String?
    @Option(
        help:
            "Training cases with one value of this column are left out together; patient, patient_id or study where there is one."
    )
    var group: String?
    @Option(help: "The neighbour whose distance counts; the first of up to 1,000 cases, the tenth of 10,000.")
    var neighbor: Int?
    @Option(help: "Flag rows that are stranger than all but this share of the training cases.") var rate = 0.01
    @OptionGroup var vectors: VectorArguments
    @OptionGroup var output: AnalysisOutputArguments
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (against == nil) != (of == nil) else { throw ValidationError("Give --against or --of.") }
        guard of == nil || (group == nil && neighbor == nil && save == nil) else {
            throw ValidationError("--group, --neighbor and --save go with --against.")
        }
        guard rate > 0 && rate < 1 else { throw ValidationError("--rate lies between 0 and 1.") }
        guard neighbor ?? 1 > 0 else { throw ValidationError("--neighbor is at least 1.") }
    }

    func run() throws {
        var stage = NoveltyStage(
            vectors.source(table), against: against.map { .cases(vectors.known($0)) } ?? .file(of ?? ""))
        (stage.group, stage.rate, stage.save) = (group, rate, save)
        stage.options.neighbour = neighbor
        stage.output = output.place()
        try global.run { [stage] context in
            let summary = try stage.run(context)
            if global.json {
                print(String(decoding: try jsonLine(summary), as: UTF8.self))
                return
            }
            let groups = summary.group.map { ", by \($0)" } ?? ""
            print("\(summary.rows) rows against \(summary.training) training cases\(groups)")
            print(
                "\(summary.strange) flagged at a rate of \(rate); \(String(format: "%.1f", rate * Double(summary.rows))) are "
                    + "expected of rows like those of the training")
            if Double(summary.training + 1) * rate < 1 {
                global.note(
                    "\(summary.training) training cases allow no rate below \(1 / Double(summary.training + 1)).")
            }
            if !summary.hasAppearance {
                global.note("The appearance is unknown; gamma and contrast show there (embed --appearance).")
            }
            AnalysisText.end(summary.withoutVector, summary.outputs, global)
        }
    }
}

struct AnalyzeDrift: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift", abstract: "Whether cases drift away from the training cases, over time or by site.",
        discussion: """
            A kernel two-sample test of each window of rows, or of the rows of each site. Windows of 20 to 50 rows show \
            plain shifts, larger ones slight shifts.

            Examples:
              lightbox analyze drift new --against training --window 50 --order study_date --figure drift.svg
              lightbox analyze drift new --against training --by site --output drift.csv
            """)

    @Argument(help: "A table with a column of vectors, or a SELECT.") var table: String
    @Option(help: ArgumentHelp("The training cases: a table, or a SELECT.", valueName: "table")) var against:
        String
    @Option(help: "Rows of a window.") var window: Int?
    @Option(help: ArgumentHelp("A window for each value of this column.", valueName: "column")) var by: String?
    @Option(help: "The column that puts rows in order; that of the table when left out.") var order: String?
    @Option(
        help:
            "Rows with one value of this column belong together; patient, patient_id or study where there is one.")
    var group: String?
    @Option(help: "The share of false alarms among windows without drift.") var rate = 0.01
    @Option(help: "The same seed gives the same p-values.") var seed: UInt64 = 0
    @Option(help: "A picture of the windows' discrepancy: .svg or .png.") var figure: String?
    @OptionGroup var vectors: VectorArguments
    @OptionGroup var output: AnalysisOutputArguments
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (window == nil) != (by == nil) else { throw ValidationError("Give --window or --by.") }
        guard window ?? 2 > 1 else { throw ValidationError("--window is at least 2.") }
        guard rate >= 0.001 && rate < 1 else { throw ValidationError("--rate is 0.001 or more, and below 1.") }
    }

    func run() throws {
        var stage = DriftStage(
            vectors.source(table), against: vectors.known(against),
            by: window.map { .windows($0) } ?? .column(by ?? ""))
        (stage.order, stage.group, stage.rate, stage.seed) = (order, group, rate, seed)
        stage.output = output.place(figure: figure)
        try global.run { [stage] context in
            let summary = try stage.run(context)
            if global.json {
                print(String(decoding: try jsonLine(summary), as: UTF8.self))
                return
            }
            let groups = summary.group.map { ", by \($0)" } ?? ""
            print("\(summary.rows) rows against \(summary.training) training cases\(groups)")
            for part in summary.parts {
                print(
                    "\(part.name): \(part.isDrifted ? "drifted" : "no drift"), "
                        + String(
                            format: "p %.3f, discrepancy %.4f; %.0f %% stranger than 95 %% of the training cases",
                            part.finding.pValue, part.finding.discrepancy, 100 * part.strange)
                        + " (\(part.rows) rows)")
            }
            if !summary.hasAppearance {
                global.note("The appearance is unknown; gamma and contrast show there (embed --appearance).")
            }
            AnalysisText.end(summary.withoutVector, summary.outputs, global)
        }
    }
}

extension VectorArguments {
    /// Training cases: the vectors of the same column.
    func known(_ table: String) -> VectorSource {
        var source = VectorSource(table)
        source.vector = vector
        return source
    }
}
