import Figures

extension Pages {
    /// Options of the basic profile that the form offers, by the names that `lightbox dicom deidentify` has for them.
    private static let profileOptions: [(name: String, text: String)] = [
        ("retain-modified-dates", "Keep the time between dates, shifted for each patient"),
        ("retain-patient-characteristics", "Keep age, sex, size and weight"),
        ("retain-device-identity", "Keep which device it was"),
        ("clean-descriptors", "Keep descriptions, cleaned of what identifies"),
    ]

    func deidentify(_ view: StudyView) -> HTML {
        guard mayChange else { return .nothing }
        let options = Self.profileOptions.map { option -> HTML in
            "<p><label><input type=\"checkbox\" name=\"\(option.name)\" value=\"on\" /> \(option.text)</label></p>"
        }
        return """
            <details class="deidentify"><summary>De-identify this study</summary>
            <form method="post" action="\(PagePath.study(view.study.uid, in: view.place))/deidentify">
            <div class="field"><label for="destination">Into the store</label>
            <input id="destination" name="destination" required="required" maxlength="401" autocomplete="off" \
            value="\(view.place.name)_public" /></div>
            \(options)
            <p><label><input type="checkbox" name="refuse-burned-in" value="on" /> Leave out images with text in their pixels</label></p>
            <button>De-identify</button>
            </form>
            <p class="quiet">By the basic profile of PS3.15 with this home’s key; text within pixels is not recognised.</p>
            </details>

            """
    }

    /// A study on its way into another store.
    public struct Deidentification: Sendable {
        public enum State: String, Sendable {
            case running, done, failed
        }

        public var id: String
        public var place: StorePlace
        /// The one that it comes from.
        public var study: String
        public var destination: StorePlace
        public var state = State.running
        public var completed = 0
        public var total = 0
        public var written = 0
        public var unchanged = 0
        /// Images that were left out, and why; they are known by number.
        public var problems: [String] = []
        /// What a person should look at before the images are given away.
        public var warnings: [String] = []
        /// Why all of it failed.
        public var failure = ""

        public init(id: String, place: StorePlace, study: String, destination: StorePlace) {
            self.id = id
            self.place = place
            self.study = study
            self.destination = destination
        }
    }

    /// How far a de-identification is; `job.js` looks at ``live(_:)`` until it has ended.
    public func deidentification(_ work: Deidentification) -> String {
        let path = PagePath.deidentification(work.id)
        let facts = HTML.facts([
            (
                "From",
                "<a href=\"\(PagePath.study(work.study, in: work.place))\">a study of \(work.place.name)</a>"
            ),
            ("Into", "<a href=\"\(PagePath.store(work.destination))\">\(work.destination.name)</a>"),
        ])
        return document(
            "De-identification", in: .studies, trail: [("Stores", "/stores")], scripts: ["job.js"],
            """
            \(facts)<div id="job" data-live="\(path)/live" data-final="\(work.state == .running ? "false" : "true")">
            \(HTML(markup: live(work)))</div>
            <noscript><p class="note">Load the page again to see how far it is.</p></noscript>

            """)
    }

    /// What changes of ``deidentification(_:)`` while it runs.
    public func live(_ work: Deidentification) -> String {
        let counts = [
            "\(Number.grouped(work.written)) written",
            work.unchanged > 0 ? "\(Number.grouped(work.unchanged)) there already" : "",
            work.problems.isEmpty ? "" : "\(Number.grouped(work.problems.count)) left out",
        ].filter { !$0.isEmpty }.joined(separator: ", ")
        let words = work.state == .running ? "\(work.completed) of \(work.total)" : counts
        let bar: HTML =
            work.state == .running
            ? "<progress value=\"\(work.completed)\" max=\"\(max(1, work.total))\" aria-label=\"Progress\">\(words)</progress> "
            : ""
        func list(_ title: String, _ lines: [String]) -> HTML? {
            if lines.isEmpty { return nil }
            return "<h2>\(title)</h2>\n<ul>\n\(lines.prefix(200).map { "<li>\($0)</li>" as HTML })\n</ul>\n"
        }
        let failure: HTML? =
            work.failure.isEmpty ? nil : "<p class=\"note problem\">\(work.failure)</p>"
        let content: HTML = """
            <div class="panel">
            <p data-part="state" role="status"><span data-state="\(work.state.rawValue)">\(Badge.html(work.state))</span></p>
            <div data-part="progress" class="progress">\(bar)<span class="quiet">\(words)</span></div>
            <div data-part="problem" role="alert">\(failure)</div>
            </div>
            <div data-part="findings">\(list("Left out", work.problems))\(list("To be looked at", work.warnings))</div>

            """
        return content.text
    }
}
