package import Foundation

/// A key pair of S3, for a while or for good. Never printed.
package struct AWSCredentials: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    package var accessKey: String
    package var secretKey: String
    package var sessionToken: String?
    package var expires: Date?

    package init(accessKey: String, secretKey: String, sessionToken: String? = nil, expires: Date? = nil) {
        (self.accessKey, self.secretKey) = (accessKey, secretKey)
        (self.sessionToken, self.expires) = (sessionToken.flatMap { $0.isEmpty ? nil : $0 }, expires)
    }

    package var description: String { "AWSCredentials" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// What the files of the AWS command line say of one profile.
package struct AWSProfile: Sendable, Equatable {
    package var values: [String: String] = [:]

    /// Reads `[name]` of the credentials file and `[profile name]` of the configuration; the former wins.
    package init(name: String, credentials: String, configuration: String) {
        values = Self.section(["profile \(name)"] + (name == "default" ? ["default"] : []), of: configuration)
        values.merge(Self.section([name], of: credentials)) { $1 }
    }

    /// The pairs of the sections so named. Values that stand indented below a name belong to a group of their own and
    /// are left out.
    private static func section(_ names: [String], of text: String) -> [String: String] {
        var values: [String: String] = [:]
        var isInside = false
        for line in text.split(whereSeparator: \.isNewline) {
            let plain = line.trimmingCharacters(in: .whitespaces)
            if plain.hasPrefix("[") {
                let name = plain.dropFirst().prefix { $0 != "]" }.split(whereSeparator: \.isWhitespace)
                isInside = names.contains(name.joined(separator: " "))
            } else if isInside, line.first?.isWhitespace == false, !plain.hasPrefix("#"), !plain.hasPrefix(";"),
                let equals = plain.firstIndex(of: "=")
            {
                let name = plain[..<equals].trimmingCharacters(in: .whitespaces).lowercased()
                let value = plain[plain.index(after: equals)...].trimmingCharacters(in: .whitespaces)
                values[name] = value
            }
        }
        return values
    }

    package var credentials: AWSCredentials? {
        guard let access = values["aws_access_key_id"], let secret = values["aws_secret_access_key"] else {
            return nil
        }
        return AWSCredentials(accessKey: access, secretKey: secret, sessionToken: values["aws_session_token"])
    }
}
