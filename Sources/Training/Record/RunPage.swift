import Evaluation
import Figures
import Foundation
import LightboxCore
import Networks
import Torch

/// The summary page of a run: one file that needs no network.
struct RunPage {
    let state: TrainingState
    let report: TrainingReport
    let trainer: Trainer
    let samples: ShownSamples?
    let trace: LossTrace
    /// Of the best weights; nil without a validation, and for maps.
    let evaluation: ModelEvaluation?

    init(
        _ state: TrainingState, _ report: TrainingReport, trainer: Trainer, samples: ShownSamples?,
        trace: LossTrace
    ) {
        self.state = state
        self.report = report
        self.trainer = trainer
        self.samples = samples
        self.trace = trace
        evaluation = (try? Data(contentsOf: URL(fileURLWithPath: trainer.folder.evaluation))).flatMap {
            try? JSONDecoder().decode(ModelEvaluation.self, from: $0)
        }
    }

    func write() throws {
        try AtomicFile.write(Array(page.html().utf8), to: trainer.folder.page)
    }

    private var page: HTMLPage {
        var page = HTMLPage(
            title: "Training of \(trainer.graph.name)",
            subtitle: "\(state.settings.task.name), \(trainer.training.count) training samples, "
                + "step \(report.step) of \(report.steps)")
        page.add("Result", result)
        page.add("Curves", curves)
        if let evaluation { page.add("Labels", labels(evaluation)) }
        if let samples {
            page.add("Samples", [.figure(samples.grid.drawing(), caption: "Of the validation data.")])
        }
        page.add("Data", data)
        page.add("Settings", settings)
        page.add("Time", time)
        return page
    }

    private var result: [HTMLPage.Block] {
        var cards: [HTMLPage.Card] = []
        if let best = report.best {
            let when = "after step \(best.step), epoch \(best.epoch)"
            if let area = best.meanAUC { cards.append(.init("Mean AUC", Self.text(area), note: when)) }
            if let accuracy = evaluation?.classes?.accuracy {
                cards.append(.init("Accuracy", Self.text(accuracy.value), note: Self.text(accuracy.interval)))
            }
            cards.append(.init("Validation loss", Self.text(best.loss, digits: 4), note: when))
        } else if let last = trace.points.last {
            cards.append(.init("Training loss", Self.text(last.loss, digits: 4)))
        }
        cards.append(.init("Ending", report.ending.rawValue, note: report.remedy ?? ""))
        if let rate = report.profile.imagesPerSecond {
            cards.append(.init("Images per second", Self.text(rate, digits: 1)))
        }
        return [.cards(cards)] + report.notes.map { .note($0) }
    }

    private var curves: [HTMLPage.Block] {
        let validations = state.validations
        func points(_ value: (ValidationRecord) -> Double?) -> [Point] {
            validations.compactMap { record in value(record).map { Point(Double(record.step), $0) } }
        }
        let mark = report.best.map { (x: Double($0.step), name: "best") }
        var loss: [LineChart.Series] = [
            .init("", trace.points.map { Point(Double($0.step), $0.loss) }, isFaint: true, colour: 0)
        ]
        if !validations.isEmpty {
            loss.append(.init("training", points(\.trainingLoss), colour: 0))
            loss.append(.init("validation", points(\.loss), colour: 1))
        }
        var charts = [LineChart(title: "Loss", xName: "step", yName: "loss", series: loss, mark: mark)]
        let areas = report.labels.enumerated().map { label, name in
            LineChart.Series(name, points { $0.areas.indices.contains(label) ? $0.areas[label] : nil })
        }.filter { !$0.points.isEmpty }
        if !areas.isEmpty {
            charts.append(LineChart(title: "AUC", xName: "step", yName: "AUC", series: areas, mark: mark))
        }
        let values = validations.map(state.settings.monitor.value)
        let rates = stride(from: 0, to: report.steps, by: max(1, report.steps / 300)).map { step in
            let seen = zip(validations, values).filter { $0.0.step <= step }.map(\.1)
            let rate = state.settings.learningRate.rate(step: step, of: report.steps, after: seen)
            return Point(Double(step + 1), rate)
        }
        charts.append(
            LineChart(title: "Learning rate", xName: "step", yName: "rate", series: [.init("", rates)]))
        return [.columns(charts.map { .figure($0.drawing(), caption: "") })]
    }

    private var settings: [HTMLPage.Block] {
        let rows =
            trainer.description.map { [$0.name, $0.value] }
            + state.settings.summary.map { [$0.name, $0.value.shown] } + [["engine", state.identity.engine]]
        return [
            .table(
                HTMLTable(
                    columns: [.init("setting", isNumeric: false), .init("value", isNumeric: false)], rows: rows))
        ]
    }

    private var time: [HTMLPage.Block] {
        let total = max(report.profile.total, 1e-9)
        let rows = TrainingProfile.Part.allCases.map { part in
            let seconds = report.profile[part]
            return [part.rawValue, Self.text(seconds, digits: 2), Self.text(100 * seconds / total, digits: 1)]
        }
        return [
            .table(
                HTMLTable(
                    caption:
                        "Of this call: \(report.profile.steps) steps in \(Self.text(report.seconds, digits: 1)) s.",
                    columns: [.init("part", isNumeric: false), .init("seconds"), .init("share, %")], rows: rows))
        ]
    }

    static func text(_ value: Double?, digits: Int = 3) -> String {
        value.map { String(format: "%.\(digits)f", $0) } ?? "not defined"
    }

    static func text(_ interval: Interval?) -> String {
        interval.map { "\(text($0.lower))–\(text($0.upper))" } ?? "–"
    }
}
