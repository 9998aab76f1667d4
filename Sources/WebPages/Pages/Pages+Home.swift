public import Catalog

extension Pages {
    /// What is there, for the page to start from.
    public struct Overview: Sendable {
        public var models: [Model]
        /// The newest ones.
        public var jobs: [Job]
        /// Where the server is reached: `http://127.0.0.1:8080`.
        public var address: String
        /// Lightbox's version.
        public var version: String

        public init(models: [Model], jobs: [Job], address: String, version: String) {
            self.models = models
            self.jobs = jobs
            self.address = address
            self.version = version
        }
    }

    public func home(_ overview: Overview) -> String {
        let content: HTML
        if overview.models.isEmpty {
            content = "\(Self.firstSteps)\(surfaces(overview, model: "flowers"))"
        } else {
            let models = overview.models.prefix(6).map(card)
            let more: HTML? =
                overview.models.count > 6
                ? "<p><a href=\"/models\">All \(overview.models.count) models</a></p>\n" : nil
            content = """
                \(HTML.section("Models", id: "models", "<ul class=\"tiles\">\n\(models)\n</ul>\n\(more)"))\(recent(overview.jobs))\(surfaces(overview, model: overview.models[0].name))
                """
        }
        return document(
            "Lightbox", in: .home,
            lead: """
                Models of medical images, served from this machine. Lightbox \(overview.version) at \
                <code>\(overview.address)</code>.
                """,
            content)
    }

    private func card(_ model: Model) -> HTML {
        let state: HTML =
            model.defaultVersion.map { "Version \($0.name) \(Badge.html($0.state))" } ?? "No version is ready yet."
        let about: HTML? = model.settings.description.isEmpty ? nil : "<p>\(model.settings.description)</p>"
        let use: HTML? =
            model.defaultVersion == nil || !mayPredict
            ? nil : "<a class=\"button\" href=\"\(PagePath.predict(model.name))\">Predict</a>"
        return """
            <li><h3><a href="\(PagePath.model(model.name))">\(model.name)</a></h3>\(about)<p class="quiet">\(state)</p>\(use)</li>
            """
    }

    private func recent(_ jobs: [Job]) -> HTML {
        guard !jobs.isEmpty else { return .nothing }
        return .section(
            "Jobs", id: "jobs", "\(jobTable(Array(jobs.prefix(5))))<p><a href=\"/jobs\">All jobs</a></p>\n")
    }

    /// Commands for somebody who has no model yet.
    static let firstSteps: HTML = .section(
        "Begin", id: "begin",
        """
        <p>There is no model yet. Three commands make one: from a table of images with their labels, or from a model \
        that you have (ONNX, SavedModel, OpenVINO, TensorFlow Lite, Keras).</p>
        <ol class="steps">
        <li><h3>Train a classifier</h3>
        \(HTML.commands(["lightbox train transfer --network mobilenet_v2 --images labels.csv --output flowers/"]))</li>
        <li><h3>Give it a name</h3>
        \(HTML.commands(["lightbox models create flowers"]))</li>
        <li><h3>Serve a version of it</h3>
        \(HTML.commands(["lightbox versions create v1 --model flowers --origin flowers/"]))</li>
        </ol>
        <p>Then load this page again. <code>lightbox demo</code> walks every step on made-up chest radiographs.</p>

        """)

    /// How programs reach the same models.
    private func surfaces(_ overview: Overview, model: String) -> HTML {
        let rows: [[HTML]] = [
            ["Google <code>ml</code> v1", "<code>POST /v1/projects/lightbox/models/\(model):predict</code>"],
            ["TensorFlow Serving", "<code>POST /v1/models/\(model):predict</code>"],
            ["Open Inference Protocol", "<code>POST /v2/models/\(model)/infer</code>"],
        ]
        return .section(
            "For programs", id: "programs",
            """
            <p>The same models answer to clients of three interfaces; <a href="/openapi.json">the OpenAPI document</a> \
            describes them all, and <a href="/metrics">numbers for Prometheus</a> say how they fare.</p>
            \(HTML.table("Interfaces", ["Interface", "Address"], rows))
            """)
    }
}
