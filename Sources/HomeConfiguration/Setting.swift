import LightboxCore

/// A setting by its key in `lightbox.toml`: the one list of all that there are.
struct Setting {
    enum Store {
        case text((inout HomeSettings, String) -> Void)
        case boolean((inout HomeSettings, Bool) -> Void)
    }

    let key: String
    let store: Store

    /// `storage.s3.endpoint` as LIGHTBOX_STORAGE_S3_ENDPOINT.
    var variable: String { "LIGHTBOX_" + key.uppercased().replacing(".", with: "_") }

    static var all: [Setting] {
        [Setting(key: "database", store: .text { $0.database = $1 })]
            + service("s3", at: \.storage.s3) + service("gs", at: \.storage.gs)
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
        case (.text, _): throw ConfigurationError(place: place, problem: "\(key) is a text, not \(value.type).")
        case (.boolean, _):
            throw ConfigurationError(place: place, problem: "\(key) is true or false, not \(value.type).")
        }
    }

    /// - Parameter text: of an environment variable.
    func apply(variable text: String, to settings: inout HomeSettings) throws {
        switch store {
        case .text(let set): set(&settings, text)
        case .boolean(let set):
            switch text.lowercased() {
            case "true", "1": set(&settings, true)
            case "false", "0": set(&settings, false)
            default: throw ConfigurationError(place: variable, problem: "The value is true or false.")
            }
        }
    }
}
