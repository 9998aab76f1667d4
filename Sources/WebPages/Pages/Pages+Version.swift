import Catalog
import Figures
import Foundation
import LightboxCore
import ModelRegistry
import Serving

extension Pages {
    /// One version: what it is, how good it is, how it is called, what it consists of.
    public func version(_ facts: VersionFacts) -> String {
        let version = facts.version
        let failure: HTML? =
            version.errorMessage.isEmpty
            ? nil : "<p class=\"note problem\"><strong>It is not served.</strong> \(version.errorMessage)</p>\n"
        return document(
            "\(version.model), version \(version.name)", in: .models,
            trail: [("Models", "/models"), (version.model, PagePath.model(version.model))],
            scripts: ["actions.js"],
            lead: version.settings.description.isEmpty ? nil : "\(version.settings.description)",
            """
            <p>\(Badge.html(version.state))\(version.isDefault ? Self.defaultMark : .nothing)</p>
            \(failure)\(cards(facts))\(buttons(version))\(evaluation(facts))<div class="pair">
            \(metrics(facts))\(labels(facts.manifest?.output))</div>
            \(calls(facts))\(files(version))\(origin(facts))\(settings(facts.manifest))
            \(Self.confirmation)
            """)
    }

    private func cards(_ facts: VersionFacts) -> HTML {
        let input = facts.manifest?.preprocessing
        let output = facts.manifest?.output
        let kind =
            switch output?.kind {
            case .classes: "one of them is right"
            case .states: "each found or not"
            case .heatmap, nil: ""
            }
        return HTML.cards([
            (
                "Input", input.map { "\($0.width) × \($0.height)" } ?? "",
                input.map { $0.channels == 1 ? "grey" : "colour" } ?? ""
            ),
            ("Labels", output.map { $0.kind == .heatmap ? "a map" : Number.grouped($0.labels.count) } ?? "", kind),
            ("Files", Number.grouped(facts.version.files.count), PageText.size(facts.bytes)),
        ])
    }

    private func buttons(_ version: ModelVersion) -> HTML {
        let path = PagePath.version(version.name, of: version.model)
        let predict: HTML? =
            version.state == .ready && mayPredict
            ? "<a class=\"button\" href=\"\(PagePath.predict(version.model, version: version.name))\">Predict with it</a>"
            : nil
        let isFree = version.state == .ready && !version.isDefault
        let delete = action(
            "Delete", "DELETE", path, question: "Delete version \(version.name) of \(version.model)?",
            remark: "Its files are removed from this machine. This cannot be undone.",
            next: PagePath.model(version.model), isDangerous: true)
        return "<div class=\"buttons\">\(predict) \(isFree ? setDefault(version) : .nothing) \(delete)</div>\n"
    }

    /// A whole evaluation with its curves.
    private func evaluation(_ facts: VersionFacts) -> HTML {
        guard let evaluation = facts.evaluation else { return .nothing }
        let page = EvaluationPage(evaluation).page().fragment()
        return "<div class=\"evaluation\">\n\(HTML(markup: page))</div>\n"
    }

    /// The numbers that training left.
    private func metrics(_ facts: VersionFacts) -> HTML {
        let rows = facts.metrics.map { ["\($0.name)", "\($0.value)"] as [HTML] }
        guard !rows.isEmpty else { return .nothing }
        return .section(
            "Metrics", id: "metrics",
            """
            <p class="quiet">What the best validation of its training found. \
            <code>lightbox evaluate</code> judges it on a test set, with intervals and curves.</p>
            \(HTML.table("Metrics", ["Name", "Value"], numeric: [1], rows))
            """)
    }

    private func labels(_ output: ModelOutput?) -> HTML {
        guard let output, !output.labels.isEmpty else { return .nothing }
        let rows = output.labels.map { label -> [HTML] in
            ["\(label)", "\(output.thresholds[label].map(PageText.number) ?? "–")"]
        }
        var remarks: [String] = []
        if output.thresholds.isEmpty {
            remarks.append(
                output.kind == .classes
                    ? "The highest score decides." : "No thresholds are kept: 0.5 would be a guess.")
        }
        if output.hasExtraSlot { remarks.append("One more score, the last, stands for images without a label.") }
        if let temperature = output.temperature {
            remarks.append("Scores are calibrated with the temperature \(PageText.number(temperature)).")
        }
        let words: HTML? = remarks.isEmpty ? nil : "<p class=\"quiet\">\(remarks.joined(separator: " "))</p>\n"
        let table = HTML.table("Labels", ["Label", "Found from the score"], numeric: [1], rows)
        let content: HTML =
            rows.count > 20 ? "<details><summary>\(rows.count) labels</summary>\(table)</details>\n" : table
        return .section("Labels and thresholds", id: "labels", "\(words)\(content)")
    }

    // MARK: Signature and files

    private func calls(_ facts: VersionFacts) -> HTML {
        if facts.signatures.isEmpty {
            guard let signature = facts.manifest?.signature, !signature.inputs.isEmpty else { return .nothing }
            func row(_ side: String) -> (ModelSignature.Port) -> [HTML] {
                { ["\(side)", "<code>\($0.name)</code>", "\($0.type)", "\(PageText.shape($0.shape))"] }
            }
            let rows = signature.inputs.map(row("input")) + signature.outputs.map(row("output"))
            return .section("Signature", id: "signature", HTML.table("Signature", Self.portColumns, rows))
        }
        let tables = facts.signatures.map { signature -> HTML in
            func row(_ side: String) -> (ServedPort) -> [HTML] {
                { port in
                    let isOptional: HTML = port.isOptional ? " (may be left out)" : ""
                    return [
                        "\(side)\(isOptional)", "<code>\(port.name)</code>", "\(port.type.rawValue)",
                        "\(PageText.shape(port.shape))",
                    ]
                }
            }
            let rows = signature.inputs.map(row("input")) + signature.outputs.map(row("output"))
            return "<h3><code>\(signature.name)</code></h3>\n\(HTML.table(signature.name, Self.portColumns, rows))"
        }
        return .section(tables.count == 1 ? "Signature" : "Signatures", id: "signature", "\(tables)")
    }

    private static let portColumns = ["", "Name", "Type", "Shape"]

    private func files(_ version: ModelVersion) -> HTML {
        let rows = version.files.map { file -> [HTML] in
            [
                "<code>\(file.name)</code>", "\(Number.grouped(file.bytes))",
                "<code class=\"hash\">\(file.sha256.description)</code>",
            ]
        }
        guard !rows.isEmpty else { return .nothing }
        let table = HTML.table("Files", ["Name", "Bytes", "SHA-256"], numeric: [1], rows)
        return .section(
            "Files", id: "files",
            rows.count > 20 ? "<details><summary>\(rows.count) files</summary>\(table)</details>\n" : table)
    }

    // MARK: Where it comes from

    private func origin(_ facts: VersionFacts) -> HTML {
        let version = facts.version
        let manifest = facts.manifest
        let splits = manifest?.data?.counts.sorted { $0.key < $1.key }.map {
            "\($0.key) \(Number.grouped($0.value))"
        }
        return .section(
            "Where it comes from", id: "origin",
            HTML.facts([
                ("Copied from", "<code>\(version.settings.source)</code>"),
                ("Put up", PageText.time(version.created)), ("By", "\(version.creator)"),
                ("Trained", manifest.map { PageText.time($0.provenance.created) } ?? ""),
                ("Trained by", "\(manifest?.provenance.creator ?? "")"),
                ("With", manifest.map { "Lightbox \($0.provenance.lightbox)" } ?? ""),
                ("On", "\(splits?.joined(separator: ", ") ?? "")"),
                (
                    "Data fingerprint",
                    manifest?.data.map { "<code class=\"hash\">\($0.sha256.description)</code>" } ?? ""
                ),
                (
                    "Pretrained weights",
                    manifest?.provenance.pretrainedWeights.map { "<code class=\"hash\">\($0.description)</code>" }
                        ?? ""
                ),
                ("Last used", version.lastUsed.map(PageText.time) ?? ""),
                ("Labels", Self.labels(version.settings.labels)),
            ]))
    }

    private func settings(_ manifest: ModelManifest?) -> HTML {
        let rows = manifest?.training.map { FlatJSON.rows($0) } ?? []
        guard !rows.isEmpty else { return .nothing }
        let table = HTML.table(
            "Training settings", ["Setting", "Value"], rows.map { ["\($0.name)", "\($0.value)"] as [HTML] })
        return .section(
            "Training", id: "training", "<details><summary>\(rows.count) settings</summary>\n\(table)</details>\n")
    }
}
