import Figures

/// The pages that people look at: values in, whole HTML documents out.
///
/// | path | page |
/// |---|---|
/// | `/` | ``home(_:)`` |
/// | `/predict` | ``predict(_:model:version:)`` |
/// | `/models`, `/models/M`, `/models/M/versions/V` | ``models(_:next:)``, ``model(_:versions:)``, ``version(_:)`` |
/// | `/jobs`, `/jobs/J` | ``jobs(_:next:)``, ``job(_:log:curves:)``; `/jobs/J/live` is ``live(_:curves:)`` |
/// | `/labels` | ``labels(_:)`` |
/// | `/maps`, `/maps/T` | ``maps(_:)``, ``map(_:)`` |
/// | `/stores`, `/stores/D/S` | ``stores(_:)``, ``studies(_:)`` |
/// | `/stores/D/S/studies/U` | ``study(_:)``, with a form for POST `…/deidentify` |
/// | `/stores/D/S/studies/U/series/V/instances/W` | ``instance(_:)``; `…/attributes` is ``attributes(_:)`` |
/// | `/assets/NAME` | ``asset(named:)`` |
///
/// Nothing in them is from elsewhere, and their scripts are files: ``contentSecurityPolicy`` goes with every one.
public struct Pages: Sendable {
    /// Whether the reader may delete, cancel and choose; such buttons are left out otherwise.
    public var mayChange: Bool
    /// Whether the reader may ask models; what leads there is left out otherwise.
    public var mayPredict: Bool
    /// Whether there is somebody to sign out.
    public var isSignedIn: Bool

    public init(mayChange: Bool = true, mayPredict: Bool = true, isSignedIn: Bool = false) {
        self.mayChange = mayChange
        self.mayPredict = mayPredict
        self.isSignedIn = isSignedIn
    }

    /// To be sent with every page.
    public static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    /// What a page needs from `/assets/`; nil for a name that is none.
    public static func asset(named name: String) -> PageAsset? { PageAsset.all[name] }

    /// Names of all that ``asset(named:)`` knows.
    public static var assetNames: [String] { PageAsset.all.keys.sorted() }

    // MARK: The frame

    enum Place: String, CaseIterable {
        case home = "/"
        case predict = "/predict"
        case studies = "/stores"
        case maps = "/maps"
        case models = "/models"
        case jobs = "/jobs"
        case labels = "/labels"

        var name: String {
            switch self {
            case .home: "Start"
            case .predict: "Predict"
            case .studies: "Studies"
            case .maps: "Maps"
            case .models: "Models"
            case .jobs: "Jobs"
            case .labels: "Labels"
            }
        }
    }

    /// A whole document.
    ///
    /// - Parameters:
    ///   - place: of the navigation that it belongs to.
    ///   - trail: pages above it, with their addresses.
    ///   - scripts: modules by their names.
    func document(
        _ title: String, in place: Place?, trail: [(name: String, path: String)] = [], scripts: [String] = [],
        lead: HTML? = nil, _ content: HTML
    ) -> String {
        let items = Place.allCases.filter { mayPredict || $0 != .predict }.map { item -> HTML in
            let current: HTML = item == place ? " aria-current=\"\(trail.isEmpty ? "page" : "true")\"" : ""
            return "<li><a href=\"\(item.rawValue)\"\(current)>\(item.name)</a></li>"
        }
        let above = trail.map { "<li><a href=\"\($0.path)\">\($0.name)</a></li>" as HTML }
        let crumbs: HTML? =
            trail.isEmpty ? nil : "<nav class=\"trail\" aria-label=\"Above this page\"><ol>\(above)</ol></nav>\n"
        let modules = scripts.map { name -> HTML in
            "<script type=\"module\" src=\"\(PagePath.asset(name))\"></script>"
        }
        let signOut: HTML? = isSignedIn ? HTML(markup: Self.signOut) : nil
        let page: HTML = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <meta name="color-scheme" content="light dark" />
            <meta name="referrer" content="same-origin" />
            <title>\(title) – Lightbox</title>
            <link rel="icon" href="\(PagePath.asset("icon.svg"))" type="image/svg+xml" />
            <link rel="stylesheet" href="\(PagePath.asset("lightbox.css"))" />
            \(modules)
            </head>
            <body>
            <a class="skip" href="#main">To the content</a>
            <header class="top"><div>
            <a class="brand" href="/"><img src="\(PagePath.asset("icon.svg"))" alt="" width="26" height="26" /> Lightbox</a>
            <nav aria-label="Pages"><ul>\(items)</ul></nav>
            \(signOut)
            </div></header>
            <main id="main" tabindex="-1">
            \(crumbs)<h1>\(title)</h1>
            \(lead.map { "<p class=\"lead\">\($0)</p>\n" })\(content)</main>
            <footer><p>\(HTMLPage.disclaimer)</p></footer>
            </body>
            </html>

            """
        return page.text
    }

    private static let signOut = """
        <form class="sign-out" method="post" action="/sign-out"><button class="quiet">Sign out</button></form>
        """

    /// Asks before something is done that cannot be undone; `actions.js` fills it in.
    static let confirmation: HTML = """
        <dialog id="confirm" aria-labelledby="confirm-question">
        <h2 id="confirm-question">Sure?</h2>
        <p id="confirm-remark"></p>
        <p class="problem" id="confirm-problem" role="alert"></p>
        <div class="buttons"><button type="button" id="confirm-no">No, keep it</button>
        <button type="button" class="danger" id="confirm-yes">Yes</button></div>
        </dialog>

        """

    /// A button that calls the `ml` v1 surface.
    ///
    /// - Parameters:
    ///   - question: asked first; nil to go on at once.
    ///   - next: where to go afterwards.
    func action(
        _ name: String, _ method: String, _ path: String, question: String? = nil, remark: String = "",
        next: String,
        isDangerous: Bool = false
    ) -> HTML {
        guard mayChange else { return .nothing }
        let kind: HTML = isDangerous ? " class=\"danger\"" : ""
        let ask: HTML = question.map { " data-question=\"\($0)\" data-remark=\"\(remark)\"" } ?? ""
        return """
            <button type="button"\(kind) data-method="\(method)" data-call="\(PagePath.call(path))" data-next="\(next)"\(ask)>\(name)</button>
            """
    }
}
