import Foundation

/// Where pages, their assets and the calls that they make are found.
enum PagePath {
    static let project = "lightbox"

    static func model(_ name: String) -> String { "/models/" + part(name) }
    static func version(_ name: String, of model: String) -> String {
        "\(self.model(model))/versions/\(part(name))"
    }
    static func job(_ id: String) -> String { "/jobs/" + part(id) }
    static func events(ofJob id: String) -> String { "/v1/jobs/\(part(id))/events" }
    static func predict(_ model: String, version: String? = nil) -> String {
        "/predict?model=\(part(model))" + (version.map { "&version=" + part($0) } ?? "")
    }
    /// The next part of a list.
    static func next(_ path: String, token: String) -> String { "\(path)?pageToken=\(part(token))" }
    static func asset(_ name: String) -> String { "/assets/" + name }

    /// The same things in the `ml` v1 surface.
    static func call(_ path: String) -> String { "/v1/projects/\(project)\(path)" }

    /// One part of a path, whatever is in it.
    private static func part(_ text: String) -> String {
        let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_~")
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }
}
