public import Figures
import Foundation
import LightboxCore
import ModelRegistry

extension AnswerCard {
    /// The card as a page for people: `html()` for a browser, `pdf()` for paper.
    ///
    /// - Parameter name: what the image is called; nil leaves it to its hash.
    public func page(of name: String? = nil) -> HTMLPage {
        let image = name ?? "image \(answer.image.sha256.description.prefix(12))"
        var page = HTMLPage(title: "Answer of \(answer.model.title)", subtitle: image)
        page.add("What the model says", said)
        if !trust.isEmpty { page.add("Whether the model knows such images", trust) }
        if let cases = answer.cases { page.add("Like cases", known(cases)) }
        page.add("Where it comes from", origin)
        return page
    }

    private var said: [HTMLPage.Block] {
        let cards = answer.labels.filter(\.isFound).map { label in
            HTMLPage.Card(
                label.label, label.calibration?.probability.percent ?? Decimals.two(Double(label.score)),
                note: label.calibration.map {
                    "\($0.positives) of \($0.cases) evaluated cases with such a score had it"
                }
                    ?? "its score; the model was not evaluated")
        }
        return [cards.isEmpty ? .note("Nothing reaches its threshold.") : .cards(cards)] + shown
            + [.table(scores)]
            + (answer.model.evaluation.map { evaluation in
                let patients = evaluation.patients.map { " of \($0) patients" } ?? ""
                return [
                    .paragraph(
                        "Probability, sensitivity and specificity were found on \(evaluation.cases) images\(patients): "
                            + "\(evaluation.dataSet). They hold for images like those.")
                ]
            } ?? [.note("The model was not evaluated, so that its scores are no probabilities.")])
    }

    private var shown: [HTMLPage.Block] {
        guard let pictures else { return [] }
        let image = HTMLPage.Block.picture(
            png: Array(pictures.image), width: 320, description: "The image", caption: "The image")
        guard let overlay = pictures.overlay, let label = answer.heatmap?.label else { return [image] }
        return [
            .columns([
                image,
                .picture(
                    png: overlay, width: 320, description: "Heat map of \(label)",
                    caption: "Where the score of \(label) comes from"),
            ])
        ]
    }

    private var scores: HTMLTable {
        let rows = answer.labels.sorted { $0.score > $1.score }
        return HTMLTable(
            columns: [
                .init("Label", isNumeric: false), .init("Score"), .init("Found", isNumeric: false), .init("From"),
                .init("Probability"), .init("Sensitivity"), .init("Specificity"),
            ],
            rows: rows.map { label in
                [
                    label.label, String(format: "%.3f", label.score), label.isFound ? "✓" : "",
                    label.threshold.map(Decimals.two) ?? "–", label.calibration?.probability.percent ?? "–",
                    label.sensitivity?.percent ?? "–", label.specificity?.percent ?? "–",
                ]
            },
            highlighted: Set(rows.indices.filter { rows[$0].isFound }))
    }

    private func known(_ cases: Cases) -> [HTMLPage.Block] {
        let table = HTMLTable(
            caption: "Nearest of \(cases.count) cases of \(cases.table)",
            columns: [.init("Case", isNumeric: false), .init("Labels", isNumeric: false), .init("Similarity")],
            rows: cases.nearest.map {
                [$0.id, $0.labels.joined(separator: ", "), String(format: "%.3f", $0.similarity)]
            })
        let pictures = zip(cases.nearest, pictures?.nearest ?? []).compactMap { known, picture in
            picture.map {
                HTMLPage.Block.picture(
                    png: Array($0), width: 160, description: "The case \(known.id)",
                    caption:
                        "\(known.id): \(known.labels.isEmpty ? "no label" : known.labels.joined(separator: ", "))")
            }
        }
        return (pictures.isEmpty ? [] : [.columns(pictures)]) + [.table(table)]
    }

    private var trust: [HTMLPage.Block] {
        [
            (answer.novelty?.sentence, answer.novelty?.isStrange), (answer.novelty?.appearanceSentence, false),
            (drift.flatMap(\.sentence), drift?.isDrifting),
        ].compactMap {
            sentence, isAlarming in
            sentence.map { isAlarming == true ? .note($0) : .paragraph($0) }
        }
    }

    private var origin: [HTMLPage.Block] {
        let (model, preprocessing) = (answer.model, answer.model.preprocessing)
        var rows = [
            ["Answer, SHA-256", sha256.description], ["Image, SHA-256", answer.image.sha256.description],
            ["Model", model.title], ["Model’s file, SHA-256", model.sha256.description],
            ["model.json, SHA-256", model.manifest.description],
            [
                "Preprocessing",
                "\(preprocessing.height) × \(preprocessing.width) × \(preprocessing.channels), "
                    + "\(preprocessing.scaling.rawValue), \(preprocessing.resampling.rawValue)",
            ],
            ["Temperature", model.temperature.map { "\($0)" } ?? "none"],
            ["Model made", model.created.formatted(.iso8601)],
            [
                "Computed",
                "\(making.time.formatted(.iso8601)), Lightbox \(making.lightbox), \(making.engine), \(model.precision)",
            ],
        ]
        if let data = model.data {
            let counts = data.counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
            rows.append(["Trained on", "\(counts.joined(separator: ", ")); SHA-256 \(data.sha256)"])
        }
        if let novelty = answer.novelty { rows.append(["Model’s cases, SHA-256", novelty.sha256.description]) }
        if let cases = answer.cases { rows.append(["Known cases, SHA-256", cases.sha256.description]) }
        rows += answer.image.key.map { ["Image, \($0.name)", $0.value] }
        return [
            .table(
                HTMLTable(
                    columns: [.init("What", isNumeric: false), .init("Value", isNumeric: false)], rows: rows)),
            .code("lightbox reproduce CARD.json IMAGE"),
        ]
    }
}
