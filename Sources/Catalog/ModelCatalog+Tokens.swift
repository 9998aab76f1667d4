import Database
public import Foundation
import LightboxCore

extension ModelCatalog {
    /// Names that the audit log gives to those who come without a token.
    public static let reservedTokenNames: Set<String> = ["local", "anonymous", "unknown"]

    /// Makes a token.
    ///
    /// - Parameter lifetime: after which it opens nothing any more; nil: never ends.
    /// - Returns: the token and its secret, which cannot be had a second time.
    /// - Throws: ``CatalogError`` for a name that was used before, or that is none.
    public func createToken(
        _ name: String, role: AccessRole, lifetime: TimeInterval? = nil
    ) throws -> (token: AccessToken, secret: String) {
        try CatalogName.check(name, .token)
        guard !Self.reservedTokenNames.contains(name) else {
            throw CatalogError(.invalidArgument, "The name '\(name)' stands for callers without a token.")
        }
        guard lifetime.map({ $0 > 0 }) ?? true else {
            throw CatalogError(.invalidArgument, "A token's lifetime is more than nothing.")
        }
        let secret = Self.newSecret()
        let created = now()
        let token = AccessToken(
            name: name, role: role, digest: ContentHash(of: secret.utf8), created: created,
            expires: lifetime.map { created.addingTimeInterval($0) }, revoked: nil)
        try write { database in
            let count = try database.execute(
                """
                INSERT INTO access_token (name, role, digest, created, expires) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """,
                [
                    name, role.rawValue, token.digest.description, created.timeIntervalSince1970,
                    token.expires?.timeIntervalSince1970,
                ])
            guard count == 1 else {
                throw CatalogError(
                    .alreadyExists,
                    "There is or was a token '\(name)', and the audit log names its holder so. Choose another name."
                )
            }
        }
        return (token, secret)
    }

    /// All that there ever were, in the order of their names.
    public func tokens() throws -> [AccessToken] {
        try read { try $0.all("SELECT * FROM access_token ORDER BY name").map(Self.token) }
    }

    /// Takes a token back; servers know within a second.
    ///
    /// - Throws: ``CatalogError`` `notFound`, or `failedPrecondition` for one that is taken back already.
    @discardableResult
    public func revokeToken(_ name: String) throws -> AccessToken {
        try write { database in
            func find() throws -> AccessToken {
                let row = try database.first("SELECT * FROM access_token WHERE name = ?", [name])
                guard let row else { throw CatalogError(.notFound, "There is no token '\(name.prefix(128))'.") }
                return try Self.token(row)
            }
            guard try find().revoked == nil else {
                throw CatalogError(.failedPrecondition, "The token '\(name)' is taken back already.")
            }
            try database.execute(
                "UPDATE access_token SET revoked = ? WHERE name = ?",
                [now().timeIntervalSince1970, name])
            return try find()
        }
    }

    private static func token(_ row: SQLRow) throws -> AccessToken {
        guard let role = try AccessRole(rawValue: row.get("role")),
            let digest = try ContentHash(row.get("digest", as: String.self))
        else {
            throw CatalogError(.unusable, "catalog.db has a token that this Lightbox does not know.")
        }
        return try AccessToken(
            name: row.get("name"), role: role, digest: digest,
            created: Date(timeIntervalSince1970: row.get("created")),
            expires: Column.date(row.get("expires")), revoked: Column.date(row.get("revoked")))
    }

    /// 256 bits of the system's generator, in hexadecimal digits behind a prefix by which scanners may know it.
    private static func newSecret() -> String {
        var generator = SystemRandomNumberGenerator()
        let words = (0..<4).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return "lbx_" + words.joined()
    }
}
