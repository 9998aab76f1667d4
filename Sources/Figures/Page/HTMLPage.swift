/// A report as one HTML file that needs no network and no script: text, tables and figures in sections.
///
/// Everything given to it is text and escaped. It reads in light and dark, on paper, and without its figures.
/// ```swift
/// var page = HTMLPage(title: "Evaluation", subtitle: "densenet121, 3,041 images")
/// page.add("Areas", [.figure(chart.drawing(), caption: "95 % intervals"), .table(table)])
/// try AtomicFile.write(Array(page.html().utf8), to: "report.html")
/// ```
public struct HTMLPage: Sendable {
    /// A number of its own, large, with its name.
    public struct Card: Sendable {
        public var name: String
        public var value: String
        /// Smaller, under the value: its interval, its unit.
        public var note: String

        public init(_ name: String, _ value: String, note: String = "") {
            self.name = name
            self.value = value
            self.note = note
        }
    }

    public indirect enum Block: Sendable {
        case paragraph(String)
        /// A remark that stands out.
        case note(String)
        /// Text as it is, in equally wide letters.
        case code(String)
        case heading(String)
        case table(HTMLTable)
        case cards([Card])
        case figure(Drawing, caption: String)
        /// A PNG file; the width in points (CSS pixels).
        case picture(png: [UInt8], width: Double, description: String, caption: String)
        /// Blocks side by side as far as the page is wide enough.
        case columns([Block])
        /// Blocks behind a line that opens them.
        case details(String, [Block])
    }

    public struct Section: Sendable {
        public var title: String
        public var blocks: [Block]

        public init(_ title: String, _ blocks: [Block]) {
            self.title = title
            self.blocks = blocks
        }
    }

    public var title: String
    public var subtitle: String
    public var sections: [Section]

    public init(title: String, subtitle: String = "", sections: [Section] = []) {
        self.title = title
        self.subtitle = subtitle
        self.sections = sections
    }

    public mutating func add(_ title: String, _ blocks: [Block]) { sections.append(Section(title, blocks)) }

    /// At the foot of every page.
    public static let disclaimer =
        "Lightbox is not a medical device. These results are for research and must not guide the care of a patient."

    /// The whole file.
    public func html() -> String {
        var writer = HTMLWriter()
        writer.open(title: title, subtitle: subtitle)
        if sections.count > 2 { writer.contents(sections.map(\.title)) }
        for (index, section) in sections.enumerated() { writer.write(section, number: index + 1) }
        return writer.closed(disclaimer: Self.disclaimer)
    }

    /// The sections alone, for a page that brings its own frame and sheet.
    package func fragment() -> String {
        var writer = HTMLWriter()
        for (index, section) in sections.enumerated() { writer.write(section, number: index + 1) }
        return writer.text
    }
}

/// Rows of text under named columns.
public struct HTMLTable: Sendable {
    public struct Column: Sendable {
        public var name: String
        /// Set to the right, with figures of one width.
        public var isNumeric: Bool

        public init(_ name: String, isNumeric: Bool = true) {
            self.name = name
            self.isNumeric = isNumeric
        }
    }

    public var caption: String
    public var columns: [Column]
    public var rows: [[String]]
    /// Rows that stand out, as the best one.
    public var highlighted: Set<Int>

    /// - Precondition: each row has one text for each column.
    public init(caption: String = "", columns: [Column], rows: [[String]], highlighted: Set<Int> = []) {
        precondition(rows.allSatisfy { $0.count == columns.count })
        self.caption = caption
        self.columns = columns
        self.rows = rows
        self.highlighted = highlighted
    }
}
