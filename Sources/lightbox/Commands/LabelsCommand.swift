import ArgumentParser
import Datasets
import Figures
import Foundation
import LightboxCore
import Pipelines

struct LabelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "labels", abstract: "Count labels by state, view and data set, and look for leakage.",
        discussion: """
            Of a table of the warehouse, or of a CSV, TFRecords, or the folder of MIMIC-CXR-JPG or CheXpert. With \
            --check-leakage the command ends with code 5 when a patient stands in more than one data set.

            Examples:
              lightbox labels --table labels --figure labels.svg
              lightbox labels --input mimic/ --labels chexpert14 --view frontal --check-leakage
              lightbox labels --input labels.csv --near-duplicates
            """)

    @Option(help: "A table with a row per image and a column per label.") var table: String?
    @Option(help: "A CSV of images, quoted pattern of TFRecords, or folder of a data set.") var input: String?
    @Option(help: "chexpert14, a YAML file of labels, or a dict.txt.") var labels: String?
    @Option(help: "Only this view: frontal, lateral or other.") var view: String?
    @Option(help: "Columns of the CSV with other names, such as label=finding,patient=pid.") var columns = ""
    @Option(help: "Write the bar chart: .svg or .png.") var figure: String?
    @Option(help: "table, csv or json.") var format: LabelsFormat?
    @Flag(help: "End with an error when data sets share patients.") var checkLeakage = false
    @Flag(help: "Compare the pictures of different data sets, and warn.") var nearDuplicates = false
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard (table == nil) != (input == nil) else { throw ValidationError("Give --table or --input.") }
        if let view, !["frontal", "lateral", "other"].contains(view) {
            throw ValidationError("--view is frontal, lateral or other.")
        }
        if let figure, !figure.hasSuffix(".svg"), !figure.hasSuffix(".png") {
            throw ValidationError("--figure ends in .svg or .png.")
        }
    }

    func run() throws {
        try global.run { context in
            var stage = LabelsStage(table.map { .table($0) } ?? .input(input ?? ""))
            stage.labels = try labels.map { try LabelSet.named($0) }
            stage.view = view.flatMap { ViewKind($0) }
            stage.columns = try TableColumns(columns: columns)
            stage.checksLeakage = checkLeakage
            stage.findsNearDuplicates = nearDuplicates
            let report = try stage.run(context)
            if let figure { try draw(report.tally, to: context.home.localPath(of: figure)) }
            switch format ?? (global.json ? .json : .table) {
            case .table: print(Terminal.printable(report.tally.text))
            case .csv: print(report.tally.csv, terminator: "")
            case .json: try print(String(decoding: jsonLine(report), as: UTF8.self))
            }
            say(report)
        }
    }

    private func draw(_ tally: LabelTally, to path: String) throws {
        let title = "Images by label" + (view.map { ", \($0) view" } ?? "")
        try tally.chart(title: title).drawing().write(to: path)
    }

    private func say(_ report: LabelsStage.Report) {
        for (label, count) in report.tally.unreadable.sorted(by: { $0.key < $1.key }) {
            global.note("warning: \(count) values of \(label) are no state and count nowhere.")
        }
        if report.missing > 0 { global.note("warning: \(report.missing) image files are not there.") }
        for problem in report.problems.prefix(5) { global.note("\(problem.source): \(problem.reason)") }
        if checkLeakage {
            let unknown = report.withoutPatient ?? 0
            global.note(
                "No patient stands in more than one data set"
                    + (unknown > 0 ? "; \(unknown) images do not say their patient." : "."))
        }
        guard let pairs = report.nearDuplicates, !pairs.isEmpty else { return }
        global.note("warning: \(pairs.count) pairs of images in different data sets look the same:")
        for pair in pairs.prefix(10) { global.note("  \(pair.first)  \(pair.second)") }
    }
}

/// How counts are written.
enum LabelsFormat: String, ExpressibleByArgument, CaseIterable {
    case table, csv, json
}
