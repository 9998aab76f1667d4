public import Catalog
import LightboxCore

extension Pages {
    /// All models.
    ///
    /// - Parameter next: the token of the next page of the list; nil on the last.
    public func models(_ models: [Model], next: String? = nil) -> String {
        guard !models.isEmpty else { return document("Models", in: .models, Self.firstSteps) }
        let rows = models.map { model -> [HTML] in
            let version = model.defaultVersion
            let name: HTML =
                version.map { version in
                    "<a href=\"\(PagePath.version(version.name, of: model.name))\">\(version.name)</a>"
                } ?? "–"
            return [
                "<a href=\"\(PagePath.model(model.name))\"><strong>\(model.name)</strong></a>",
                "\(model.settings.description)", name, version.map { Badge.html($0.state) } ?? "none is ready",
                PageText.time(model.created),
            ]
        }
        return document(
            "Models", in: .models,
            "\(HTML.table("Models", ["Name", "What it is for", "Default version", "State", "Made"], rows))\(Self.next(next, "/models"))"
        )
    }

    /// One model with its versions.
    public func model(_ model: Model, versions: [ModelVersion]) -> String {
        let rows = versions.map { version -> [HTML] in
            let path = PagePath.version(version.name, of: model.name)
            return [
                "<a href=\"\(path)\"><strong>\(version.name)</strong></a>\(version.isDefault ? Self.defaultMark : .nothing)",
                Badge.html(version.state), "\(version.settings.description)",
                "\(PageText.size(version.files.reduce(0) { $0 + $1.bytes }))", PageText.time(version.created),
                version.lastUsed.map(PageText.time) ?? "–", choosing(version, of: model),
            ]
        }
        let columns = ["Version", "State", "What is new", "Size", "Made", "Last used", "Actions"]
        let list: HTML =
            versions.isEmpty
            ? """
            <p>There is no version yet. Serve one:</p>
            \(HTML.commands(["lightbox versions create v1 --model \(model.name) --origin FOLDER"]))
            """ : HTML.table("Versions of \(model.name)", columns, numeric: [3], rows)
        let facts = HTML.facts([
            ("Default version", "\(model.defaultVersion?.name ?? "none is ready")"),
            ("Made", PageText.time(model.created)), ("Labels", Self.labels(model.settings.labels)),
        ])
        let delete =
            versions.isEmpty
            ? action(
                "Delete this model", "DELETE", PagePath.model(model.name), question: "Delete \(model.name)?",
                remark: "It has no version; only its name and description go.", next: "/models", isDangerous: true)
            : "<p class=\"quiet\">A model can be deleted once it has no version.</p>"
        let use: HTML? =
            model.defaultVersion == nil || !mayPredict
            ? nil : "<p><a class=\"button\" href=\"\(PagePath.predict(model.name))\">Predict with it</a></p>\n"
        return document(
            model.name, in: .models, trail: [("Models", "/models")], scripts: ["actions.js"],
            lead: model.settings.description.isEmpty ? nil : "\(model.settings.description)",
            """
            \(facts)\(use)\(HTML.section("Versions", id: "versions", list))\(mayChange ? delete : nil)
            \(Self.confirmation)
            """)
    }

    /// Marks the version that answers where none is named.
    static let defaultMark: HTML = " <span class=\"badge plain\">default</span>"

    private func choosing(_ version: ModelVersion, of model: Model) -> HTML {
        guard version.state == .ready, !version.isDefault else { return .nothing }
        return setDefault(version)
    }

    func setDefault(_ version: ModelVersion) -> HTML {
        let path = PagePath.version(version.name, of: version.model)
        return action(
            "Make it the default", "POST", path + ":setDefault",
            question: "Let version \(version.name) answer for \(version.model)?",
            remark: "Requests that name no version get this one from now on.", next: path)
    }

    static func labels(_ labels: [String: String]) -> HTML {
        let items = labels.sorted { $0.key < $1.key }.map { "<code>\($0.key)=\($0.value)</code>" as HTML }
        return "\(items)"
    }

    static func next(_ token: String?, _ path: String) -> HTML? {
        guard let token, !token.isEmpty else { return nil }
        return "<p><a class=\"button\" rel=\"next\" href=\"\(PagePath.next(path, token: token))\">More</a></p>\n"
    }
}
