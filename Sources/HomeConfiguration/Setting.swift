import LightboxCore

/// A setting by its key in `lightbox.toml`: the one list of all that there are.
struct Setting {
    enum Store {
        /// In bytes.
        case size((inout HomeSettings, Int) -> Void)
        case text((inout HomeSettings, String) -> Void)
        case boolean((inout HomeSettings, Bool) -> Void)
    }

    let key: String
    let store: Store

    /// `storage.s3.endpoint` as LIGHTBOX_STORAGE_S3_ENDPOINT.
    var variable: String { "LIGHTBOX_" + key.uppercased().replacing(".", with: "_") }

    static var all: [Setting] {
        [
            Setting(key: "database", store: .text { $0.database = $1 }),
            Setting(key: "files", store: .text { $0.files = $1 }),
            Setting(key: "cache", store: .size { $0.cacheBytes = $1 }),
        ] + service("s3", at: \.storage.s3) + service("gs", at: \.storage.gs)
    }

    private static func service(
        _ scheme: String, at path: WritableKeyPath<HomeSettings, HomeSettings.Service>
    ) -> [Setting] {
        [
            Setting(key: "storage.\(scheme).endpoint", store: .text { $0[keyPath: path].endpoint = $1 }),
            Setting(key: "storage.\(scheme).region", store: .text { $0[keyPath: path].region = $1 }),
            Setting(key: "storage.\(scheme).profile", store: .text { $0[keyPath: path].profile = $1 }),
            Setting(key: "storage.\(scheme).provider", store: .text { $0[keyPath: path].provider = $1 }),
            Setting(key: "storage.\(scheme).local", store: .boolean { $0[keyPath: path].local = $1 }),
        ]
    }

    func apply(_ value: TOMLValue, to settings: inout HomeSettings, at place: String) throws {
        switch (store, value) {
        case (.text(let set), .string(let text)):
            guard !text.isEmpty else {
                throw ConfigurationError(place: place, problem: "\(key) is empty. Leave it out instead.")
            }
            set(&settings, text)
        case (.boolean(let set), .boolean(let flag)): set(&settings, flag)
        case (.size(let set), .string(let text)):
            guard let bytes = Self.bytes(text) else {
                throw ConfigurationError(place: place, problem: "\(key) is a size such as \"20 GB\".")
            }
            set(&settings, bytes)
        case (.size, _):
            throw ConfigurationError(
                place: place, problem: "\(key) is a text such as \"20 GB\", not \(value.type).")
        case (.text, _): throw ConfigurationError(place: place, problem: "\(key) is a text, not \(value.type).")
        case (.boolean, _):
            throw ConfigurationError(place: place, problem: "\(key) is true or false, not \(value.type).")
        }
    }

    /// - Parameter text: of an environment variable.
    func apply(variable text: String, to settings: inout HomeSettings) throws {
        switch store {
        case .text(let set): set(&settings, text)
        case .size(let set):
            guard let bytes = Self.bytes(text) else {
                throw ConfigurationError(place: variable, problem: "The value is a size such as \"20 GB\".")
            }
            set(&settings, bytes)
        case .boolean(let set):
            switch text.lowercased() {
            case "true", "1": set(&settings, true)
            case "false", "0": set(&settings, false)
            default: throw ConfigurationError(place: variable, problem: "The value is true or false.")
            }
        }
    }

    /// `500 MB`, `20 GB`, `1 TB`; from one megabyte on.
    private static func bytes(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int(digits), (1...1_000_000).contains(count) else { return nil }
        switch text.dropFirst(digits.count).drop(while: { $0 == " " }).uppercased() {
        case "MB": return count << 20
        case "GB": return count << 30
        case "TB" where count <= 1000: return count << 40
        default: return nil
        }
    }
}
