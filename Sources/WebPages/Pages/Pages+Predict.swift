extension Pages {
    /// Images in, scores and heat maps out, without a line of code.
    ///
    /// - Parameters:
    ///   - choices: versions that take the bytes of an image.
    ///   - model: to begin with, as `?model=` says; the first one otherwise.
    ///   - version: of it, as `?version=` says.
    public func predict(_ choices: [PredictChoice], model: String? = nil, version: String? = nil) -> String {
        guard !choices.isEmpty else {
            return document("Predict", in: .predict, lead: "No model that takes images is ready.", Self.firstSteps)
        }
        let wanted =
            choices.firstIndex { $0.model == model && (version == nil || $0.version == version) }
            ?? choices.firstIndex { $0.model == model } ?? 0
        let options = Self.options(choices, selecting: wanted)
        let content: HTML = """
            <form id="predict" class="panel">
            <div class="field"><label for="choice">Model</label>
            <select id="choice" name="choice">
            \(options)
            </select></div>
            <div class="drop" id="drop">
            <label for="files"><strong>Choose images</strong> or drop them here</label>
            <input type="file" id="files" multiple="multiple" aria-describedby="files-help" />
            <p id="files-help" class="quiet">PNG, JPEG or DICOM, several at once. They go to this server only and are not kept.</p>
            </div>
            <noscript><p class="note">This page needs JavaScript. <code>lightbox predict --help</code> does the same \
            in a terminal.</p></noscript>
            </form>
            <p id="summary" class="summary" role="status"></p>
            <section id="results" aria-label="Results"></section>
            <div class="buttons"><button type="button" id="clear" class="quiet" hidden="hidden">Clear the results</button></div>
            \(Self.cardTemplate)
            """
        return document(
            "Predict", in: .predict, scripts: ["predict.js"],
            lead: "Scores are a model’s guess, not a finding. A label counts as found from its threshold on.",
            content)
    }

    /// What one chooses a model from; the scripts read how it is asked.
    static func options(_ choices: [PredictChoice], selecting wanted: Int) -> [HTML] {
        choices.enumerated().map { number, choice in
            let chosen: HTML = number == wanted ? " selected=\"selected\"" : ""
            return
                "<option value=\"\(number)\" data-choice=\"\(choice.json)\"\(chosen)>\(name(choice))</option>"
        }
    }

    private static func name(_ choice: PredictChoice) -> HTML {
        choice.version.map { "\(choice.model), version \($0)" } ?? "\(choice.model)"
    }

    /// One image and what is said of it; `predict.js` copies it for each.
    private static let cardTemplate: HTML = """
        <template id="card">
        <article class="result" tabindex="-1">
        <figure>
        <div class="picture"><img class="image" alt="" /><img class="overlay" alt="" hidden="hidden" /></div>
        <figcaption class="heat" hidden="hidden"><label>Heat map <output></output>
        <input type="range" min="0" max="100" value="55" step="5" /></label>
        <span class="quiet"></span></figcaption>
        </figure>
        <div class="said">
        <h2></h2>
        <p class="state"></p>
        <ul class="found" aria-label="Labels found"></ul>
        <ol class="scores" aria-label="Scores"></ol>
        <details class="more" hidden="hidden"><summary></summary><ol class="scores" aria-label="Lower scores"></ol></details>
        <p class="novelty" hidden="hidden"></p>
        <div class="nearest" hidden="hidden"><h3>Nearest known cases</h3><ol></ol></div>
        <details class="proof" hidden="hidden"><summary>How far to trust this, and where it comes from</summary>
        <div class="evidence"></div>
        <p class="keep">Keep the whole card: <button type="button" data-card="pdf">PDF</button>
        <button type="button" data-card="html">HTML</button> <button type="button" data-card="json">JSON</button>
        <button type="button" data-card="dicom" hidden="hidden">DICOM report</button></p>
        </details>
        <pre class="raw" tabindex="0" hidden="hidden"></pre>
        <div class="buttons"><button type="button" data-copy="curl">Copy as curl</button>
        <button type="button" data-copy="python">Copy as Python</button>
        <span class="copied quiet" role="status"></span></div>
        </div>
        </article>
        </template>

        """
}
