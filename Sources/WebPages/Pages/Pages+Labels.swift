public import Figures

extension Pages {
    /// How often each label occurs in a table.
    public struct LabelCounts: Sendable {
        /// Tables that can be shown.
        public var tables: [String]
        /// The one that is.
        public var chosen: String?
        /// Its counts: labels by state, a panel for each data set. nil where nothing could be counted.
        public var chart: GroupedBarChart?
        /// Why nothing could be counted, or what is left out; empty for nothing.
        public var remark: String

        public init(tables: [String], chosen: String? = nil, chart: GroupedBarChart? = nil, remark: String = "") {
            self.tables = tables
            self.chosen = chosen
            self.chart = chart
            self.remark = remark
        }
    }

    public func labels(_ counts: LabelCounts) -> String {
        let lead: HTML = "How often each label occurs in a data set, and in which part of it."
        guard !counts.tables.isEmpty else {
            return document(
                "Labels", in: .labels, lead: lead,
                """
                <p>There is no table of labels yet. Load one into the warehouse:</p>
                \(HTML.commands(["lightbox load labels.csv --table labels"]))
                """)
        }
        let options = counts.tables.map { table -> HTML in
            "<option\(table == counts.chosen ? " selected=\"selected\"" as HTML : "")>\(table)</option>"
        }
        let remark: HTML? = counts.remark.isEmpty ? nil : "<p class=\"note\">\(counts.remark)</p>\n"
        let figures = counts.chart.map { chart -> HTML in
            "<figure class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"Chart\">\n\(HTML(markup: chart.drawing().inlineSVG()))</figure>\n\(Self.tables(chart))"
        }
        return document(
            "Labels", in: .labels, lead: lead,
            """
            <form class="panel line" method="get" action="/labels">
            <div class="field"><label for="table">Table</label>
            <select id="table" name="table">
            \(options)
            </select></div>
            <button>Show</button>
            </form>
            \(remark)\(figures)
            """)
    }

    /// The chart's numbers, a table for each data set.
    private static func tables(_ chart: GroupedBarChart) -> HTML {
        let tables = chart.panels.enumerated().map { number, panel -> HTML in
            let rows = zip(chart.categories, panel.values).map { category, values -> [HTML] in
                ["\(category)"] + values.map { "\(PageText.number($0))" as HTML }
            }
            let columns = ["Label"] + chart.groups
            return HTML.section(
                panel.name.isEmpty ? "All" : panel.name, id: "part-\(number + 1)",
                HTML.table(
                    "Counts of \(panel.name)", columns, numeric: Set(columns.indices.dropFirst()), rows))
        }
        return "\(tables)"
    }
}
