import Figures
import Foundation
import LightboxCore

/// A file that pages need: the sheet, the scripts, the sign of the browser's tab.
public struct PageAsset: Sendable {
    public let bytes: [UInt8]
    public let mediaType: String
    /// Quoted, to be sent as it is and held against `If-None-Match`.
    public let etag: String

    private init(_ bytes: [UInt8], _ mediaType: String) {
        self.bytes = bytes
        self.mediaType = mediaType
        etag = "\"\(ContentHash(of: bytes).description.prefix(24))\""
    }

    /// By name, as pages ask for them under `/assets/`.
    static let all: [String: PageAsset] = [
        "lightbox.css": PageAsset(
            Array(colours.utf8) + PackageResources.lightbox_css + PackageResources.viewer_css
                + PackageResources.map_css,
            "text/css; charset=utf-8"),
        "predict.js": PageAsset(PackageResources.predict_js, script),
        "card.js": PageAsset(PackageResources.card_js, script),
        "calls.js": PageAsset(PackageResources.calls_js, script),
        "snippets.js": PageAsset(PackageResources.snippets_js, script),
        "actions.js": PageAsset(PackageResources.actions_js, script),
        "asking.js": PageAsset(PackageResources.asking_js, script),
        "gestures.js": PageAsset(PackageResources.gestures_js, script),
        "scores.js": PageAsset(PackageResources.scores_js, script),
        "viewer.js": PageAsset(PackageResources.viewer_js, script),
        "pixels.js": PageAsset(PackageResources.pixels_js, script),
        "window.js": PageAsset(PackageResources.window_js, script),
        "view.js": PageAsset(PackageResources.view_js, script),
        "reading.js": PageAsset(PackageResources.reading_js, script),
        "attributes.js": PageAsset(PackageResources.attributes_js, script),
        "map.js": PageAsset(PackageResources.map_js, script),
        "points.js": PageAsset(PackageResources.points_js, script),
        "plot.js": PageAsset(PackageResources.plot_js, script),
        "plane.js": PageAsset(PackageResources.plane_js, script),
        "grid.js": PageAsset(PackageResources.grid_js, script),
        "palette.js": PageAsset(PackageResources.palette_js, script),
        "colouring.js": PageAsset(PackageResources.colouring_js, script),
        "writing.js": PageAsset(PackageResources.writing_js, script),
        "legend.js": PageAsset(PackageResources.legend_js, script),
        "columns.js": PageAsset(PackageResources.columns_js, script),
        "finding.js": PageAsset(PackageResources.finding_js, script),
        "marks.js": PageAsset(PackageResources.marks_js, script),
        "hover.js": PageAsset(PackageResources.hover_js, script),
        "lasso.js": PageAsset(PackageResources.lasso_js, script),
        "selection.js": PageAsset(PackageResources.selection_js, script),
        "poster.js": PageAsset(PackageResources.poster_js, script),
        "job.js": PageAsset(PackageResources.job_js, script),
        "icon.svg": PageAsset(PackageResources.icon_svg, "image/svg+xml"),
    ]

    private static let script = "text/javascript; charset=utf-8"

    /// The colours that figures use, so that pages and figures look alike.
    private static let colours = """
        :root { color-scheme: light dark; \(HTMLStyle.variables(.light)) }
        @media (prefers-color-scheme: dark) { :root { \(HTMLStyle.variables(.dark)) } }

        """
}
