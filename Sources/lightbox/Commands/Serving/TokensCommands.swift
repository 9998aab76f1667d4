public import ArgumentParser
public import Catalog
import Foundation
import LightboxCore
import Server

/// `lightbox tokens …`
struct TokensCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens", abstract: "Say who may use the server, and for what.",
        subcommands: [TokensCreate.self, TokensList.self, TokensRevoke.self])
}

extension AccessRole: ExpressibleByArgument {}

struct TokensCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a token and print its secret, once.",
        discussion: """
            read looks at models, jobs and DICOM stores; predict asks models too; write makes, changes and deletes \
            models, jobs and DICOM instances, and names objects in buckets only; admin may do everything. Once there is a token, the server asks \
            everybody for one.

            Example:
              lightbox tokens create night_shift --role predict --days 90
            """)

    @Argument(help: "Letters, digits and '_', a letter first.") var name: String
    @Option(help: "read, predict, write or admin.") var role: AccessRole
    @Option(help: "After so many days it opens nothing any more.") var days: Double?
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard days.map({ (0.001...36500).contains($0) }) ?? true else {
            throw ValidationError("--days is up to 36500.")
        }
    }

    func run() throws {
        let (token, secret) = try global.catalog().createToken(name, role: role, lifetime: days.map { $0 * 86400 })
        try AuditLog(home: global.home).note(
            "tokens create", resources: [("token", name), ("role", role.rawValue)])
        if global.json {
            return try printJSON(NewToken(name: name, role: role, expires: token.expires, secret: secret))
        }
        print(secret)
        global.note("This is the only time that the secret is shown. Send it as 'Authorization: Bearer SECRET'.")
    }

    private struct NewToken: Encodable {
        let name: String
        let role: AccessRole
        let expires: Date?
        let secret: String
    }
}

struct TokensList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the tokens, without their secrets.",
        discussion: """
            Example:
              lightbox tokens list
            """)

    @OptionGroup var global: GlobalOptions

    func run() throws {
        let tokens = try global.catalog().tokens()
        if global.json { return try printJSON(tokens.map(Listed.init)) }
        printTable(
            ["NAME", "ROLE", "STATE", "CREATED", "EXPIRES"],
            tokens.map { token in
                [
                    token.name, token.role.rawValue, Listed(token).state, token.created.formatted(.iso8601),
                    token.expires?.formatted(.iso8601) ?? "never",
                ]
            })
    }

    private struct Listed: Encodable {
        let name: String
        let role: AccessRole
        let state: String
        let created: Date
        let expires: Date?

        init(_ token: AccessToken) {
            name = token.name
            role = token.role
            state = token.revoked != nil ? "revoked" : token.isGood(at: Date()) ? "good" : "expired"
            created = token.created
            expires = token.expires
        }
    }
}

struct TokensRevoke: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Take a token back; servers know within a second.",
        discussion: """
            Example:
              lightbox tokens revoke night_shift
            """)

    @Argument var name: String
    @OptionGroup var global: GlobalOptions

    func run() throws {
        try global.catalog().revokeToken(name)
        try AuditLog(home: global.home).note("tokens revoke", resources: [("token", name)])
        print("Revoked token \(name).")
    }
}
