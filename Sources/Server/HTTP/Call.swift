public import Catalog
import DICOMweb
import Foundation
public import HTTPTypes
import Hummingbird
public import LightboxCore

/// A request as the handler of a route sees it: read to its end, within the limits.
public struct Call: Sendable {
    public let method: HTTPRequest.Method
    /// What stands in the path in place of `{names}`, decoded.
    let parameters: [(name: String, value: String)]
    public let query: Query
    /// `host:port` as the caller named this server; empty when it did not.
    public var authority = ""
    /// The path without the query, as it came.
    public var path: Substring = ""
    /// The end of the path that the route's `{path*}` stands for, as it came.
    public var rest: Substring = ""
    /// The body as it comes, for a route that reads it itself.
    var stream: RequestBody?
    public let headers: HTTPFields
    public let body: Bytes
    /// The caller's own, or one that was made for the request.
    public let id: String
    /// When the caller stops waiting.
    public let deadline: ContinuousClock.Instant
    /// Who asks, as the registry keeps it; empty for nobody.
    public var caller = ""
    /// What the caller may do.
    public var role = AccessRole.admin
    /// Whether the caller came by the page that asks for a token.
    public var isSignedIn = false

    /// A part of the path.
    ///
    /// - Precondition: the route's template has it.
    public subscript(_ name: String) -> String {
        guard let found = parameters.first(where: { $0.name == name }) else {
            preconditionFailure("the route has no {\(name)}")
        }
        return found.value
    }

    /// A part of the path that the route may be without.
    public func parameter(_ name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// The media type of the body without its parameters, in small letters; empty when none is told.
    public var contentType: String {
        let text = headers[.contentType] ?? ""
        return text.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
    }
}

/// What stands behind the `?` of an address.
public struct Query: Sendable {
    private var items: [(name: String, value: String)] = []
    /// As it came.
    let text: String

    /// - Parameter text: `a=1&b=%20`, also as a form's body: `+` is a space.
    init(_ text: some StringProtocol) {
        self.text = String(text)
        for part in text.split(separator: "&") {
            let name = part.prefix { $0 != "=" }
            let value = part.dropFirst(name.count + 1)
            items.append((Self.decoded(name), Self.decoded(value)))
        }
    }

    /// The last of this name; nil without one.
    public subscript(_ name: String) -> String? { items.last { $0.name == name }?.value }

    /// A whole number.
    ///
    /// - Throws: ``ServerError`` for anything else.
    public func integer(_ name: String) throws -> Int? {
        guard let text = self[name], !text.isEmpty else { return nil }
        guard let number = Int(text) else {
            throw ServerError(.invalidArgument, "\(name) is no whole number. Send digits.")
        }
        return number
    }

    /// - Throws: ``ServerError`` for a name that is neither known nor one of those that every method takes.
    public func allow(_ names: String...) throws {
        for item in items where !names.contains(item.name) && !DICOMwebRequest.general.contains(item.name) {
            let known = names.isEmpty ? "none" : names.joined(separator: ", ")
            throw ServerError(
                .invalidArgument, "Unknown query parameter '\(item.name.prefix(64))'. Known here: \(known).")
        }
    }

    private static func decoded(_ text: some StringProtocol) -> String {
        let spaced = text.contains("+") ? text.replacingOccurrences(of: "+", with: " ") : String(text)
        return spaced.contains("%") ? spaced.removingPercentEncoding ?? spaced : spaced
    }
}
