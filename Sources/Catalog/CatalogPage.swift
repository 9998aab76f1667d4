import Foundation

/// Which part of a list is asked for.
public struct PageRequest: Sendable, Hashable {
    /// Items at most; nil or 0 for ``usualSize``, over ``largestSize`` counts as that.
    public var size: Int?
    public var usualSize = 20
    public var largestSize = 100
    /// ``CatalogPage/next`` of the page before; empty for the first.
    public var token: String
    /// See `CatalogFilter`.
    public var filter: String

    public init(size: Int? = nil, token: String = "", filter: String = "") {
        self.size = size
        self.token = token
        self.filter = filter
    }

    func limit() throws -> Int {
        guard let size, size != 0 else { return usualSize }
        guard size > 0 else {
            throw CatalogError(.invalidArgument, "pageSize is negative. Leave it out for \(usualSize).")
        }
        return min(size, largestSize)
    }
}

/// Part of a list.
public struct CatalogPage<Item: Sendable>: Sendable {
    public let items: [Item]
    /// The token of the next page; nil on the last.
    public let next: String?
}

extension CatalogPage {
    /// Part of a list that is in memory.
    ///
    /// - Parameters:
    ///   - items: in ascending order of their keys.
    ///   - list: what it is a list of; a page token belongs to it.
    ///   - labels: those of an item, which the filter may ask for as `labels.NAME`.
    public init(
        _ items: [Item], list: String, _ request: PageRequest, key: (Item) -> String,
        labels: (Item) -> [String: String] = { _ in [:] }
    ) throws {
        let filter = try CatalogFilter(request.filter, fields: ["name"])
        let limit = try request.limit()
        let after = try PageToken(request.token, list: list, filter: request.filter)?.key
        let found = items.filter { item in
            after.map { key(item) > $0 } ?? true
                && filter.accepts { field in
                    field == "name" ? key(item) : labels(item)[String(field.dropFirst("labels.".count))]
                }
        }
        let isCut = found.count > limit
        self.items = Array(found.prefix(limit))
        next = isCut ? PageToken(key: key(found[limit - 1])).text(list: list, filter: request.filter) : nil
    }
}

/// The place in a list behind the last item that was given, written so that nobody reads more into it.
///
/// It says which list and which filter it belongs to, so that it is refused with any other.
struct PageToken {
    let key: String

    init(key: String) { self.key = key }

    /// nil for an empty text.
    init?(_ text: String, list: String, filter: String) throws {
        guard !text.isEmpty else { return nil }
        let base64 = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        let padding = String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        let parts = Data(base64Encoded: base64 + padding).flatMap { String(data: $0, encoding: .utf8) }?
            .split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
        guard let parts, parts.count == 3, parts[0] == list, parts[1] == filter else {
            throw CatalogError(
                .invalidArgument, "The page token does not belong to this list. Start again without one.")
        }
        key = String(parts[2])
    }

    func text(list: String, filter: String) -> String {
        Data("\(list)\n\(filter)\n\(key)".utf8).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }
}
