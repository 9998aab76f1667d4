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
    static func map(_ table: String) -> String { "/maps/" + part(table, keeping: ".") }
    static func store(_ place: StorePlace) -> String { "/stores/\(part(place.dataset))/\(part(place.store))" }
    static func study(_ uid: String, in place: StorePlace) -> String {
        "\(store(place))/studies/\(identifier(uid))"
    }
    static func instance(_ key: InstancePlace) -> String {
        "\(study(key.study, in: key.store))/series/\(identifier(key.series))/instances/\(identifier(key.instance))"
    }
    /// A study, a series or an instance as DICOMweb has it.
    static func dicomWeb(
        _ place: StorePlace, _ study: String, series: String? = nil, instance: String? = nil
    ) -> String {
        "/dicomweb/\(part(place.dataset))/\(part(place.store))/studies/\(identifier(study))"
            + (series.map { "/series/" + identifier($0) } ?? "")
            + (instance.map { "/instances/" + identifier($0) } ?? "")
    }
    /// `a=1&b=%20`, without those that are empty.
    static func query(_ items: KeyValuePairs<String, String>) -> String {
        items.filter { !$0.value.isEmpty }.map { "\($0.key)=\(part($0.value))" }.joined(separator: "&")
    }
    /// The next part of a list.
    static func next(_ path: String, token: String) -> String { "\(path)?pageToken=\(part(token))" }
    static func asset(_ name: String) -> String { "/assets/" + name }

    /// The same things in the `ml` v1 surface.
    static func call(_ path: String) -> String { "/v1/projects/\(project)\(path)" }

    /// A UID stays readable; anything else is escaped as a whole.
    private static func identifier(_ uid: String) -> String {
        let isUID = uid.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
        return isUID && uid.utf8.first != UInt8(ascii: ".") ? uid : part(uid)
    }

    /// One part of a path, whatever is in it.
    ///
    /// - Parameter further: letters that stay as they are, too.
    private static func part(_ text: String, keeping further: String = "") -> String {
        let plain = CharacterSet(
            charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_~" + further)
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }
}
