public import Foundation
public import LightboxCore

/// What a caller may do; each may also do what stands before it.
public enum AccessRole: String, Sendable, CaseIterable, Comparable, Codable {
    case read, predict, write, admin

    public static func < (left: AccessRole, right: AccessRole) -> Bool {
        // As they stand above.
        allCases.prefix { $0 != right }.contains(left)
    }
}

/// Lets whoever holds its secret use the server in a role.
public struct AccessToken: Sendable, Equatable, Codable {
    /// Letters, digits and `_`; what the registry and the audit log call its holder. Used once and never again.
    public let name: String
    public let role: AccessRole
    /// SHA-256 of the secret, which itself is kept nowhere: 256 random bits need no salt.
    public let digest: ContentHash
    public let created: Date
    /// nil: never.
    public let expires: Date?
    /// When it was taken back.
    public let revoked: Date?

    /// Whether it opens anything at that time.
    public func isGood(at time: Date) -> Bool { revoked == nil && expires.map { time < $0 } ?? true }

    /// Compares without telling by the time it takes how much is right.
    public func hasDigest(_ other: ContentHash) -> Bool {
        zip(digest.description.utf8, other.description.utf8).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
