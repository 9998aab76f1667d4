import Figures

extension Pages {
    /// The tables that are maps.
    public func maps(_ maps: [MapSummary]) -> String {
        let lead: HTML =
            "Vectors of images on a plane: what looks alike lies together. Colour them, look at them, label what you find."
        guard !maps.isEmpty else {
            return document(
                "Maps", in: .maps, lead: lead,
                """
                <p>There is no map yet. Three commands make one of a folder of images:</p>
                \(HTML.commands([
                    "lightbox embed --network mobilenet_v2 --input photos/ --output sql:photos",
                    "lightbox analyze umap photos --output photo_map",
                    "lightbox analyze kmeans photos --clusters 8 --output photo_clusters",
                ]))
                <p>Any table with columns <code>x</code> and <code>y</code>, or <code>pc1</code> and <code>pc2</code>, is a map.</p>
                """)
        }
        let rows = maps.map { map -> [HTML] in
            let planes: HTML? =
                map.axes.count > 1
                ? "<br /><span class=\"quiet\">\(map.axes.map(Self.plane).joined(separator: " · "))</span>" : nil
            return [
                "<a href=\"\(PagePath.map(map.table))\"><strong>\(map.table)</strong></a>\(planes)",
                "\(Number.grouped(map.rows))", "\(map.method)", "\(map.source)",
                map.made.map { PageText.time($0) } ?? "",
            ]
        }
        return document(
            "Maps", in: .maps, lead: lead,
            HTML.table("Maps", ["Table", "Rows", "Method", "Made of", "When"], numeric: [1], rows))
    }

    /// `x,y` for people.
    private static func plane(_ axes: String) -> String { axes.replacing(",", with: " × ") }

    /// A table as a map. `map.js` draws it; without JavaScript nothing is to be seen.
    public func map(_ view: MapView) -> String {
        document(
            view.table, in: .maps, trail: [("Maps", "/maps")], scripts: ["map.js"], lead: Self.origin(view),
            """
            <noscript><p class="note">The map is drawn by JavaScript, which this browser does not run.</p></noscript>
            <div class="map" id="map" data-table="\(view.table)" data-root="\(PagePath.map(view.table))" data-axes="\(view.axes)">
            <div class="plot">
            \(Self.stage)\(Self.mapTools)\(Self.mapKeys)</div>
            <div class="beside">
            \(Self.colouring(view))\(selection(view))</div>
            </div>

            """)
    }

    private static func origin(_ view: MapView) -> HTML {
        let method: HTML = "\(view.method.isEmpty ? "made" : view.method) of <code>\(view.source)</code>"
        let source: HTML? = view.source.isEmpty ? nil : " · \(method)"
        let made: HTML? = view.made.map { " · \(PageText.time($0))" }
        return "<span id=\"said-count\">…</span> points\(source)\(made)"
    }

    private static let stage: HTML = """
        <div class="sheet" id="stage" tabindex="0" role="application" aria-roledescription="map" aria-label="Map of vectors" \
        aria-describedby="map-keys">
        <canvas id="canvas" aria-hidden="true"></canvas>
        <canvas id="marks" aria-hidden="true"></canvas>
        <p class="waiting" id="waiting" role="status">Loading the points…</p>
        <div class="card" id="card" hidden="hidden"><div class="still"><img id="card-picture" alt="" hidden="hidden" />\
        <span id="card-none"></span></div><p id="card-value"></p><p class="quiet" id="card-name"></p></div>
        <p class="said-drawing" id="said-drawing"></p>
        </div>

        """

    private static let mapTools: HTML = """
        <div class="tools" id="tools" role="toolbar" aria-label="Map tools" hidden="hidden">
        <div role="group" aria-label="What dragging does">
        <button type="button" id="tool-move" aria-pressed="true">Move</button>
        <button type="button" id="tool-lasso" aria-pressed="false">Lasso</button>
        <button type="button" id="tool-box" aria-pressed="false">Rectangle</button>
        </div>
        <div>
        <button type="button" id="zoom-out" aria-label="Smaller">−</button>
        <button type="button" id="zoom-in" aria-label="Larger">+</button>
        <button type="button" id="reset">Whole map</button>
        <button type="button" id="save">Save as PNG</button>
        <button type="button" id="copy">Copy the address</button>
        <span id="copied" class="quiet" role="status"></span>
        </div>
        </div>

        """

    private static let mapKeys: HTML = """
        <details class="keys"><summary>Mouse and keys</summary>
        <p id="map-keys">Wheel or + and − for zoom, drag or arrow keys to move, a double click or 0 for the whole map. \
        M moves, L is the lasso, B the rectangle; Shift adds to what is chosen, Alt takes away, Escape chooses nothing. \
        A click opens the image.</p></details>

        """

    private static func colouring(_ view: MapView) -> HTML {
        let planes: HTML? =
            view.planes.count < 2
            ? nil
            : """
            <div class="field"><label for="plane">Plane</label>
            <select id="plane">
            \(view.planes.map { name -> HTML in
                let isShown: HTML = name == view.axes ? " selected=\"selected\"" : ""
                return "<option value=\"\(name)\"\(isShown)>\(plane(name))</option>"
            })
            </select></div>

            """
        return """
            <section class="panel" aria-labelledby="colours-title">
            <h2 id="colours-title">Colour</h2>
            <div class="field"><label class="hidden-text" for="colour">Colour by</label>
            <select id="colour" disabled="disabled"><option value="">one colour</option></select></div>
            <p class="quiet" id="colour-from"></p>
            \(planes)<p class="problem" id="colour-problem" role="alert"></p>
            <div id="legend" class="legend"></div>
            <form id="search" role="search"><div class="field">
            <label class="hidden-text" for="words">Find by name</label>
            <input id="words" type="search" maxlength="200" autocomplete="off" placeholder="Find by a part of the name" /></div>
            <button class="quiet">Find</button></form>
            <p class="quiet" id="found" role="status"></p>
            </section>

            """
    }

    private func selection(_ view: MapView) -> HTML {
        let keys = view.identity.joined(separator: ", ")
        let writing: HTML? =
            mayChange && !view.identity.isEmpty
            ? """
            <form id="label-form">
            <h3>Label them</h3>
            <div class="field"><label for="label-value">Label</label>
            <input id="label-value" maxlength="300" autocomplete="off" required="required" placeholder="as you call them" /></div>
            <details class="plain"><summary>Into <span id="label-place"></span></summary>
            <div class="field"><label for="label-table">Table</label>
            <input id="label-table" maxlength="200" autocomplete="off" required="required" value="\(view.table)_labels" /></div>
            <div class="field"><label for="label-column">Column</label>
            <input id="label-column" maxlength="60" autocomplete="off" required="required" value="label" /></div>
            <p class="quiet">A table of its own with the keys \(keys). Nothing else is changed.</p>
            </details>
            <div class="buttons"><button>Label</button>
            <button type="button" class="quiet" id="unlabel">Take labels away</button></div>
            </form>
            <form id="table-form">
            <h3>Keep them as a table</h3>
            <div class="field"><label for="table-name">Name</label>
            <input id="table-name" maxlength="200" autocomplete="off" required="required" value="\(view.table)_part" /></div>
            <div class="buttons"><button>Write the table</button></div>
            </form>

            """ : nil
        return """
            <section class="panel" aria-labelledby="selection-title" id="selection">
            <h2 id="selection-title">Selection</h2>
            <p id="chosen" role="status">Nothing is chosen. Draw around points with the lasso.</p>
            <ul id="composition" class="composition" aria-label="What the selection is made of"></ul>
            <div class="buttons" id="selection-buttons">
            <button type="button" class="quiet" id="choose-shown">Choose all that is shown</button>
            <button type="button" class="quiet" id="choose-none" hidden="hidden">Choose nothing</button>
            <button type="button" class="quiet" id="export" hidden="hidden">CSV</button>
            </div>
            <div id="writing" hidden="hidden">
            \(writing)</div>
            <div id="done" class="note" role="status" hidden="hidden"><p id="said-done"></p>
            <button type="button" class="quiet" id="undo">Undo</button></div>
            <p class="problem" id="selection-problem" role="alert"></p>
            </section>

            """
    }
}
