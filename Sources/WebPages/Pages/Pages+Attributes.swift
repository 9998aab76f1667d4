extension Pages {
    /// An instance and all that stands in its file.
    public struct InstanceView: Sendable {
        public var key: InstancePlace
        /// `CT Image Storage`
        public var kind: String
        public var hasPicture: Bool
        public var rows: [AttributeRow]

        public init(key: InstancePlace, kind: String, hasPicture: Bool, rows: [AttributeRow]) {
            self.key = key
            self.kind = kind
            self.hasPicture = hasPicture
            self.rows = rows
        }
    }

    public func instance(_ view: InstanceView) -> String {
        let key = view.key
        let path = PagePath.dicomWeb(key.store, key.study, series: key.series, instance: key.instance)
        let file = path + "?" + PagePath.query(["accept": "application/dicom; transfer-syntax=*"])
        let picture: HTML? =
            view.hasPicture
            ? "<p class=\"still\"><img src=\"\(path)/rendered?\(PagePath.query(["viewport": "512,512"]))\" alt=\"Its first picture\" /></p>\n"
            : nil
        return document(
            view.kind, in: .studies,
            trail: [
                ("Stores", "/stores"), (key.store.name, PagePath.store(key.store)),
                ("Study", PagePath.study(key.study, in: key.store)),
            ], scripts: ["attributes.js"], lead: "<code>\(key.instance)</code>",
            """
            \(picture)<p class="buttons"><a class="plain-button" href="\(file)" download="\(key.instance).dcm">DICOM file</a></p>
            <div class="attributes">
            \(Self.filter)<div id="attributes">\(HTML(markup: attributes(view.rows)))</div>
            </div>

            """)
    }

    /// The table alone: `GET …/instances/UID/attributes`.
    public func attributes(_ rows: [AttributeRow]) -> String {
        let lines = Self.lines(rows)
        let content: HTML = """
            <div class="table" role="region" aria-label="Attributes" tabindex="0"><table>
            <caption class="hidden-text">Attributes</caption>
            <thead><tr><th scope="col">Tag</th><th scope="col">Name</th><th scope="col">VR</th>\
            <th scope="col">Value</th></tr></thead>
            <tbody>
            \(lines)
            </tbody></table></div>

            """
        return content.text
    }

    /// Items of sequences stand in the value, each folded away.
    private static func lines(_ rows: [AttributeRow]) -> [HTML] {
        rows.map { row in
            let kind: HTML? = row.isPrivate ? " class=\"private\"" : nil
            let value: HTML = row.items.isEmpty ? "\(row.value)" : "\(row.value)\(items(row.items))"
            return """
                <tr\(kind)><td><code>\(row.tag)</code></td><td>\(row.name)</td><td>\(row.vr)</td><td>\(value)</td></tr>
                """
        }
    }

    private static func items(_ items: [[AttributeRow]]) -> [HTML] {
        items.enumerated().map { number, rows in
            """
            <details class="item"><summary>Item \(number + 1)</summary><table><tbody>
            \(lines(rows))
            </tbody></table></details>
            """
        }
    }
}
