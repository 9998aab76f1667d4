/// Writes a page's parts as HTML text.
struct HTMLWriter {
    private(set) var text = ""

    mutating func open(title: String, subtitle: String) {
        // The policy forbids every request: what a page shows is inside it.
        text = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <meta name="color-scheme" content="light dark" />
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'" />
            <title>\(Markup.escaped(title))</title>
            <style>
            \(HTMLStyle.sheet)</style>
            </head>
            <body>
            <main>
            <header>
            <h1>\(Markup.escaped(title))</h1>

            """
        if !subtitle.isEmpty { text += "<p class=\"subtitle\">\(Markup.escaped(subtitle))</p>\n" }
        text += "</header>\n"
    }

    mutating func contents(_ titles: [String]) {
        text += "<nav aria-label=\"Contents\"><ul>\n"
        for (index, title) in titles.enumerated() {
            text += "<li><a href=\"#section-\(index + 1)\">\(Markup.escaped(title))</a></li>\n"
        }
        text += "</ul></nav>\n"
    }

    mutating func write(_ section: HTMLPage.Section, number: Int) {
        text += "<section id=\"section-\(number)\">\n<h2>\(Markup.escaped(section.title))</h2>\n"
        for block in section.blocks { write(block) }
        text += "</section>\n"
    }

    func closed(disclaimer: String) -> String {
        text + "</main>\n<footer><p>\(Markup.escaped(disclaimer))</p></footer>\n</body>\n</html>\n"
    }

    private mutating func write(_ block: HTMLPage.Block) {
        switch block {
        case .paragraph(let words): text += "<p>\(Markup.escaped(words))</p>\n"
        case .note(let words): text += "<p class=\"note\">\(Markup.escaped(words))</p>\n"
        case .code(let words): text += "<pre>\(Markup.escaped(words))</pre>\n"
        case .heading(let words): text += "<h3>\(Markup.escaped(words))</h3>\n"
        case .table(let table): write(table)
        case .cards(let cards): write(cards)
        case .figure(let drawing, let caption):
            figure(drawing.inlineSVG(), caption)
        case .picture(let png, let width, let description, let caption):
            let address = Markup.dataAddress(png: png)
            let image =
                "<img src=\"\(address)\" alt=\"\(Markup.escaped(description))\" width=\"\(Int(width.rounded()))\" />\n"
            figure(image, caption)
        case .columns(let blocks):
            text += "<div class=\"columns\">\n"
            for block in blocks {
                text += "<div>\n"
                write(block)
                text += "</div>\n"
            }
            text += "</div>\n"
        case .details(let title, let blocks):
            text += "<details><summary>\(Markup.escaped(title))</summary>\n"
            for block in blocks { write(block) }
            text += "</details>\n"
        }
    }

    private mutating func figure(_ content: String, _ caption: String) {
        text += "<figure>\n\(content)"
        if !caption.isEmpty { text += "<figcaption>\(Markup.escaped(caption))</figcaption>\n" }
        text += "</figure>\n"
    }

    private mutating func write(_ cards: [HTMLPage.Card]) {
        text += "<dl class=\"cards\">\n"
        for card in cards {
            text += "<div><dt>\(Markup.escaped(card.name))</dt><dd>\(Markup.escaped(card.value))"
            if !card.note.isEmpty { text += "<small>\(Markup.escaped(card.note))</small>" }
            text += "</dd></div>\n"
        }
        text += "</dl>\n"
    }

    private mutating func write(_ table: HTMLTable) {
        // Wide tables scroll by themselves instead of widening the page.
        text += "<div class=\"table\" tabindex=\"0\"><table>\n"
        if !table.caption.isEmpty { text += "<caption>\(Markup.escaped(table.caption))</caption>\n" }
        text += "<thead><tr>"
        for column in table.columns {
            text += "<th scope=\"col\"\(kind(column))>\(Markup.escaped(column.name))</th>"
        }
        text += "</tr></thead>\n<tbody>\n"
        for (index, row) in table.rows.enumerated() {
            text += table.highlighted.contains(index) ? "<tr class=\"best\">" : "<tr>"
            for (column, cell) in zip(table.columns, row) {
                text += "<td\(kind(column))>\(Markup.escaped(cell))</td>"
            }
            text += "</tr>\n"
        }
        text += "</tbody></table></div>\n"
    }

    private func kind(_ column: HTMLTable.Column) -> String { column.isNumeric ? " class=\"number\"" : "" }
}
