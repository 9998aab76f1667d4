import Figures

/// Markup that is well-formed XML as well. Text that comes into it is escaped, always; only other markup is not.
///
/// ```swift
/// let item: HTML = "<li>\(model.name)</li>"  // a name like <b> stays a name
/// ```
struct HTML: ExpressibleByStringInterpolation, Sendable, Equatable {
    let text: String

    init(stringLiteral text: String) { self.text = text }
    init(stringInterpolation parts: StringInterpolation) { text = parts.text }

    /// Markup that another writer made, which escapes by itself.
    init(markup text: String) { self.text = text }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate(set) var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + 24 * interpolationCount)
        }

        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ words: String) { text += Markup.escaped(words) }
        mutating func appendInterpolation(_ number: Int) { text += String(number) }
        mutating func appendInterpolation(_ html: HTML) { text += html.text }
        /// Nothing for nil.
        mutating func appendInterpolation(_ html: HTML?) { text += html?.text ?? "" }
        /// One a line.
        mutating func appendInterpolation(_ parts: [HTML]) {
            text += parts.map(\.text).joined(separator: "\n")
        }
    }
}

extension HTML {
    static let nothing: HTML = ""

    /// Names and what belongs to them; those with no text are left out.
    static func facts(_ rows: [(name: String, value: HTML)]) -> HTML {
        let rows = rows.filter { !$0.value.text.isEmpty }
        if rows.isEmpty { return nothing }
        return
            "<dl class=\"facts\">\n\(rows.map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>" as HTML })\n</dl>\n"
    }

    /// Large numbers with their names.
    static func cards(_ rows: [(name: String, value: String, note: String)]) -> HTML {
        let cards = rows.filter { !$0.value.isEmpty }.map { row -> HTML in
            let note: HTML? = row.note.isEmpty ? nil : "<small>\(row.note)</small>"
            return "<div><dt>\(row.name)</dt><dd>\(row.value)\(note)</dd></div>"
        }
        return "<dl class=\"cards\">\n\(cards)\n</dl>\n"
    }

    /// A table that scrolls by itself instead of widening the page.
    ///
    /// - Parameter numeric: columns that are set to the right.
    static func table(
        _ caption: String, _ columns: [String], numeric: Set<Int> = [], id: String? = nil, _ rows: [[HTML]]
    ) -> HTML {
        func kind(_ column: Int) -> HTML { numeric.contains(column) ? " class=\"number\"" : "" }
        let heads = columns.enumerated().map { "<th scope=\"col\"\(kind($0))>\($1)</th>" as HTML }
        let lines = rows.map { row -> HTML in
            "<tr>\(row.enumerated().map { "<td\(kind($0))>\($1)</td>" as HTML })</tr>"
        }
        let name: HTML = id.map { " id=\"\($0)\"" } ?? ""
        return """
            <div class="table" role="region" aria-label="\(caption)" tabindex="0"\(name)><table>
            <caption class="hidden-text">\(caption)</caption>
            <thead><tr>\(heads)</tr></thead>
            <tbody>
            \(lines)
            </tbody></table></div>

            """
    }

    static func section(_ title: String, id: String, _ content: HTML) -> HTML {
        "<section aria-labelledby=\"\(id)\">\n<h2 id=\"\(id)\">\(title)</h2>\n\(content)</section>\n"
    }

    /// Commands to type, one a line.
    static func commands(_ lines: [String]) -> HTML {
        "<pre class=\"commands\" tabindex=\"0\"><code>\(lines.joined(separator: "\n"))</code></pre>\n"
    }
}
