import Foundation
import WireFormats

extension Pages {
    /// The image with its tools, what models say of it, and what stands in its file.
    ///
    /// The server's picture stands there first, and alone without JavaScript; `viewer.js` then draws the pixels itself.
    func viewer(_ view: StudyView, _ shown: SeriesView) -> HTML {
        let key = Self.key(view, shown)
        let (before, count) = shown.position
        return """
            <div class="viewer" id="viewer" \(Self.data(view, shown))>
            <div class="stage" id="stage" tabindex="0" role="group" aria-roledescription="image viewer" \
            aria-label="Image" aria-describedby="keys">
            <div class="film" id="film">
            <img id="plain" src="\(Self.picture(key, shown))" alt="Image \(before + 1) of \(count)" fetchpriority="high" />
            <canvas id="canvas" role="img" aria-label="Image" hidden="hidden"></canvas>
            <img id="heat" alt="" hidden="hidden" />
            </div>
            <p class="corner at-top-left">\(DICOMText.person(view.study.patientName))<br />\(view.study.patientID)</p>
            <p class="corner at-top-right">\(DICOMText.date(view.study.date))<br />\(Self.seriesTitle(view, shown))</p>
            <p class="corner at-bottom-left"><span id="said-image">Image \(before + 1) of \(count)</span><br />\
            <output id="said-pixel" aria-live="off"></output></p>
            <p class="corner at-bottom-right"><span id="said-window"></span><br /><span id="said-zoom"></span></p>
            <div class="scale" id="scale" aria-hidden="true" hidden="hidden"><i></i><span></span></div>
            <p class="said-problem" id="said-problem" role="alert"></p>
            </div>
            \(Self.tools(before, count))\(Self.steps(view, shown))\
            <details class="keys"><summary>Mouse and keys</summary>
            <p id="keys">Drag for the window: right widens, down darkens. Wheel or arrow keys for the next image, Ctrl and \
            wheel or + and − for zoom, Shift and drag or the middle button to move, a double click or R for the start, \
            I inverts.</p></details>
            </div>
            <div class="beside">
            \(readings(view))\(actions(key, shown))\(deidentify(view))</div>
            <section class="attributes" aria-labelledby="attributes-title">
            <h2 id="attributes-title">Attributes</h2>
            \(Self.filter)<div id="attributes"><p><a href="\(PagePath.instance(key))">All \
            attributes of this image</a></p></div>
            </section>

            """
    }

    private static func key(_ view: StudyView, _ shown: SeriesView) -> InstancePlace {
        InstancePlace(
            store: view.place, study: view.study.uid, series: shown.uid, instance: shown.current?.uid ?? "")
    }

    private static func seriesTitle(_ view: StudyView, _ shown: SeriesView) -> String {
        let series = view.series.first { $0.uid == shown.uid }
        return series.map { "\($0.modality) \($0.title)" } ?? ""
    }

    /// What the script needs to know.
    private static func data(_ view: StudyView, _ shown: SeriesView) -> HTML {
        let images = JSONValue.array(
            shown.images.map { .array([.string($0.uid), .integer(Int64($0.frames))]) })
        let list = String(decoding: (try? images.serialized()) ?? [], as: UTF8.self)
        let root = PagePath.dicomWeb(view.place, view.study.uid, series: shown.uid)
        let page = "\(PagePath.study(view.study.uid, in: view.place))/series/"
        return """
            data-root="\(root)" data-page="\(page)" data-series="\(shown.uid)" data-images="\(list)" \
            data-index="\(shown.index)" data-frame="\(shown.frame)" data-window="\(shown.window ?? "")"
            """
    }

    private static func picture(_ key: InstancePlace, _ shown: SeriesView) -> String {
        let path = PagePath.dicomWeb(key.store, key.study, series: key.series, instance: key.instance)
        return "\(path)/frames/\(shown.frame)/rendered"
            + (shown.window.map { "?" + PagePath.query(["window": $0]) } ?? "")
    }

    private static func tools(_ before: Int, _ count: Int) -> HTML {
        let position: HTML? =
            count == 1
            ? nil
            : """
            <div class="position">
            <button type="button" id="previous" aria-label="Image before">‹</button>
            <label class="hidden-text" for="position">Image</label>
            <input type="range" id="position" min="1" max="\(count)" value="\(before + 1)" />
            <button type="button" id="next" aria-label="Next image">›</button>
            </div>

            """
        return """
            <div class="tools" role="toolbar" aria-label="Image tools" hidden="hidden" id="tools">
            \(position)<div class="window">
            <label for="preset">Window</label><select id="preset"></select>
            <label for="center">Centre</label><input type="number" id="center" step="any" />
            <label for="width">Width</label><input type="number" id="width" step="any" min="1" />
            </div>
            <div class="zoom">
            <button type="button" id="zoom-out" aria-label="Smaller">−</button>
            <button type="button" id="zoom-in" aria-label="Larger">+</button>
            <button type="button" id="invert" aria-pressed="false">Invert</button>
            <button type="button" id="reset">Reset</button>
            </div>
            </div>

            """
    }

    /// From picture to picture without JavaScript.
    private static func steps(_ view: StudyView, _ shown: SeriesView) -> HTML {
        func link(_ step: Int, _ name: String, _ relation: String) -> HTML? {
            shown.neighbour(step).map { uid, frame in
                let query = PagePath.query(["series": shown.uid, "instance": uid, "frame": "\(frame)"])
                let path = "\(PagePath.study(view.study.uid, in: view.place))?\(query)"
                return "<a rel=\"\(relation)\" href=\"\(path)\">\(name)</a>"
            }
        }
        return """
            <noscript><p class="buttons">\(link(-1, "Image before", "prev")) \(link(1, "Next image", "next")) \
            <span class="quiet">With JavaScript the window, zoom and values come, too.</span></p></noscript>

            """
    }

    /// Narrows a table to the rows with some words.
    static let filter: HTML = """
        <div class="field filter" hidden="hidden"><label for="filter">Show only</label>
        <input type="search" id="filter" placeholder="name, tag or value" autocomplete="off" />
        <span id="filter-count" class="quiet" role="status"></span></div>

        """

    // MARK: Beside the image

    private func readings(_ view: StudyView) -> HTML {
        guard mayPredict, !view.choices.isEmpty else { return .nothing }
        let options = Self.options(view.choices, selecting: 0)
        return """
            <section class="panel readings" aria-labelledby="readings-title">
            <h2 id="readings-title">Predictions</h2>
            <form id="ask">
            <div class="field"><label for="choice">Model</label>
            <select id="choice">
            \(options)
            </select></div>
            <button>Predict for this image</button>
            </form>
            <div id="reading" class="reading" hidden="hidden">
            <p class="state" role="status"></p>
            <ul class="found" aria-label="Labels found"></ul>
            <ol class="scores" aria-label="Scores"></ol>
            <details class="more" hidden="hidden"><summary></summary><ol class="scores" aria-label="Lower scores"></ol></details>
            <div class="heat" hidden="hidden"><label>Heat map <output></output>
            <input type="range" min="0" max="100" value="45" step="5" /></label><span class="quiet"></span></div>
            <pre class="raw" tabindex="0" hidden="hidden"></pre>
            </div>
            <p class="quiet">A model’s guess, not a finding.</p>
            </section>

            """
    }

    private func actions(_ key: InstancePlace, _ shown: SeriesView) -> HTML {
        let path = PagePath.dicomWeb(key.store, key.study, series: key.series, instance: key.instance)
        let file = path + "?" + PagePath.query(["accept": "application/dicom; transfer-syntax=*"])
        let picture = "\(path)/frames/\(shown.frame)/rendered?" + PagePath.query(["accept": "image/png"])
        return """
            <section class="panel" aria-labelledby="actions-title">
            <h2 id="actions-title">This image</h2>
            <div class="buttons">
            <a class="plain-button" id="file" href="\(file)" download="\(key.instance).dcm">DICOM file</a>
            <a class="plain-button" id="png" href="\(picture)" download="\(key.instance).png">PNG</a>
            <a class="plain-button" id="details" href="\(PagePath.instance(key))">Attributes</a>
            <button type="button" id="copy" hidden="hidden">Copy the address</button>
            <span id="copied" class="quiet" role="status"></span>
            </div>
            </section>

            """
    }
}
