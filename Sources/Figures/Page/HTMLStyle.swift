/// How pages look: one sheet for light, dark and paper.
package enum HTMLStyle {
    static let sheet = """
        :root { color-scheme: light dark; \(variables(.light)) }
        @media (prefers-color-scheme: dark) { :root { \(variables(.dark)) } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink);
          font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
        main { max-width: 1080px; margin: 0 auto; padding: 24px 20px 8px; }
        h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; }
        h2 { font-size: 1.25rem; margin: 36px 0 10px; padding-bottom: 4px; border-bottom: 1px solid var(--grid); }
        h3 { font-size: 1.05rem; margin: 22px 0 8px; }
        p { margin: 8px 0; max-width: 72ch; overflow-wrap: anywhere; }
        a { color: var(--series-0); }
        .subtitle, figcaption, caption, dt, small { color: var(--muted); }
        nav ul { display: flex; flex-wrap: wrap; gap: 4px 18px; list-style: none; margin: 14px 0 0; padding: 0; }
        .note { border-left: 4px solid var(--series-1); padding: 6px 12px; background: var(--band); max-width: none; }
        pre { background: var(--band); padding: 10px 12px; overflow-x: auto; font-size: 13px; border-radius: 4px; }
        .table { overflow-x: auto; margin: 12px 0; }
        table { border-collapse: collapse; font-size: 14px; }
        caption { text-align: left; padding: 0 0 6px; }
        th, td { padding: 4px 12px 4px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid); }
        th { border-bottom: 2px solid var(--muted); vertical-align: bottom; font-weight: 600; }
        .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        td:first-child { white-space: nowrap; }
        .best td { background: var(--band); font-weight: 600; }
        .cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 10px; margin: 14px 0; }
        .cards > div { border: 1px solid var(--grid); border-radius: 6px; padding: 8px 12px; background: var(--band); }
        dt { font-size: 13px; }
        dd { margin: 0; font-size: 1.25rem; font-weight: 600; overflow-wrap: anywhere; }
        dd small { display: block; font-size: 12.5px; font-weight: 400; }
        .columns { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: flex-start; }
        .columns > div { max-width: 100%; }
        figure { margin: 14px 0; }
        figure svg, figure img { max-width: 100%; height: auto; display: block; }
        figcaption { font-size: 13.5px; max-width: 72ch; }
        details { margin: 12px 0; border: 1px solid var(--grid); border-radius: 6px; padding: 0 12px; }
        summary { cursor: pointer; padding: 8px 0; font-weight: 600; }
        footer { max-width: 1080px; margin: 32px auto 0; padding: 10px 20px 24px; color: var(--muted); font-size: 13px; }
        footer p { border-top: 1px solid var(--grid); padding-top: 10px; max-width: none; }
        @media print {
          :root { color-scheme: light; \(variables(.light)) }
          body { font-size: 10.5pt; }
          main { max-width: none; padding: 0; }
          nav { display: none; }
          h2, h3 { break-after: avoid; }
          figure, tr, .cards > div { break-inside: avoid; }
          .table { overflow: visible; }
          details::details-content { content-visibility: visible; block-size: auto; }
        }

        """

    package enum Scheme {
        case light, dark
    }

    /// The colours of ``Paint``, by the names that drawings use.
    package static func variables(_ scheme: Scheme) -> String {
        let (series, rest) =
            switch scheme {
            case .light:
                (
                    Palette.light,
                    [Paint.ink, .muted, .grid, .paper].map(\.colour.hexadecimal) + ["#f5f6f8"]
                )
            case .dark: (Palette.dark, ["#e4e7eb", "#a0a8b3", "#3a4048", "#15181c", "#1e2227"])
            }
        let names = zip(["ink", "muted", "grid", "paper", "band"], rest).map { "--\($0): \($1);" }
        return (names + series.enumerated().map { "--series-\($0): \($1.hexadecimal);" }).joined(separator: " ")
    }
}
