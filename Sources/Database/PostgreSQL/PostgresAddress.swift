import Foundation

/// The `database` setting in its parts.
struct PostgresAddress: Sendable {
    /// For libpq: without the schema.
    let connection: String
    let schema: String?
    /// The password in it, as it is written there and as it is meant; no message may hold either.
    private let secrets: [String]

    init(_ text: String) throws {
        func unusable(_ words: String) -> DatabaseFailure {
            DatabaseFailure(.invalidAddress, "The setting 'database' cannot be used: \(words)")
        }
        guard let scheme = ["postgres://", "postgresql://"].first(where: text.hasPrefix), !text.utf8.contains(0)
        else { throw unusable("it begins with postgres://.") }
        let rest = text.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard authority.count(where: { $0 == "@" }) <= 1 else {
            throw unusable("write '@' in a user's name or password as %40.")
        }
        var secrets: [String] = []
        if let end = authority.firstIndex(of: "@"), let colon = authority[..<end].firstIndex(of: ":") {
            secrets.append(String(authority[authority.index(after: colon)..<end]))
        }
        let question = rest.firstIndex(of: "?")
        let items = question.map { rest[rest.index(after: $0)...].split(separator: "&") } ?? []
        var kept: [Substring] = []
        var schema: String?
        for item in items {
            let value = String(item.drop { $0 != "=" }.dropFirst())
            switch item.prefix(while: { $0 != "=" }) {
            case "schema": schema = value.removingPercentEncoding
            case "password", "sslpassword":
                secrets.append(value)
                kept.append(item)
            default: kept.append(item)
            }
        }
        if let name = schema {
            let isWord = name.utf8.allSatisfy { byte in
                "abcdefghijklmnopqrstuvwxyz0123456789_".utf8.contains(byte)
            }
            // The user's tables are in NAME_tables.
            guard isWord, (1...56).contains(name.utf8.count), !name.hasPrefix("pg_"), !name.hasSuffix("_tables"),
                name.first?.isNumber == false
            else {
                throw unusable(
                    "a schema's name has small letters, digits and '_', begins with a letter and does not end in _tables."
                )
            }
        }
        self.schema = schema
        connection =
            "postgresql://" + rest[..<(question ?? rest.endIndex)]
            + (kept.isEmpty ? "" : "?" + kept.joined(separator: "&"))
        self.secrets = (secrets + secrets.compactMap(\.removingPercentEncoding)).filter { !$0.isEmpty }
    }

    /// A message of libpq's on one line, without the password wherever it may stand in it.
    func cleaned(_ message: String) -> String {
        var text = message.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .joined(separator: " ")
        for secret in secrets { text = text.replacing(secret, with: "…") }
        return text
    }
}
