import Foundation
import HTTPTypes

/// Finds the route of a request: a tree of the path's parts.
struct RouteTable: Sendable {
    /// A route with what is worked out once.
    struct Entry: Sendable {
        let route: Route
        let errors: ErrorShape
        /// In ``RouteTable/routes``.
        let index: Int
        let names: [String]
        /// Method and template.
        let title: String

        /// All but what everybody may look at.
        var isAudited: Bool { !route.isOpen || route.method != .get }
    }

    enum Match: Sendable {
        /// - Parameter rest: what stands behind the template, as it came.
        case found(Entry, parameters: [(name: String, value: String)], rest: Substring = "")
        /// The path is known, with other methods.
        case otherMethods([String])
        case none
    }

    private final class Node {
        var literals: [String: Node] = [:]
        var parameter: Node?
        /// By verb, then by method.
        var entries: [String: [(method: HTTPRequest.Method, entry: Entry)]] = [:]
        /// Of routes that take all that comes behind this place.
        var tails: [(method: HTTPRequest.Method, entry: Entry)] = []
    }

    // Nobody writes to the tree after it is made.
    private nonisolated(unsafe) let root: Node
    let routes: [Route]

    init(_ routes: [Route]) {
        self.routes = routes
        root = Node()
        for (index, route) in routes.enumerated() {
            var node = root
            var names: [String] = []
            let (segments, verb) = route.parts
            for segment in segments where !segment.hasSuffix("*}") {
                if segment.hasPrefix("{") {
                    names.append(String(segment.dropFirst().dropLast()))
                    if node.parameter == nil { node.parameter = Node() }
                    node = node.parameter!
                } else {
                    let next = node.literals[String(segment)] ?? Node()
                    node.literals[String(segment)] = next
                    node = next
                }
            }
            let entry = Entry(
                route: route, errors: route.errors, index: index, names: names,
                title: "\(route.method.rawValue) \(route.template)")
            if segments.last?.hasSuffix("*}") ?? false {
                node.tails.append((route.method, entry))
            } else {
                node.entries[String(verb), default: []].append((route.method, entry))
            }
        }
    }

    /// - Parameter path: as it came, without the query. Parts may be percent-encoded, slashes and all.
    func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
        let match = matchWhole(method, path)
        if case .none = match { return matchTail(method, path) }
        return match
    }

    private func matchWhole(_ method: HTTPRequest.Method, _ path: String) -> Match {
        let path = path.contains("%") ? path.removingPercentEncoding ?? path : path
        var segments = path.split(separator: "/")
        var verb = ""
        if let last = segments.last, let colon = last.lastIndex(of: ":") {
            verb = String(last[last.index(after: colon)...])
            segments[segments.count - 1] = last[..<colon]
        }
        var values: [String] = []
        guard let node = descend(root, segments[...], &values), let entries = node.entries[verb] else {
            return .none
        }
        return choose(method, entries, values)
    }

    private func choose(
        _ method: HTTPRequest.Method, _ entries: [(method: HTTPRequest.Method, entry: Entry)], _ values: [String],
        rest: Substring = ""
    ) -> Match {
        let wanted = method == .head ? .get : method
        guard let entry = entries.first(where: { $0.method == wanted })?.entry else {
            return .otherMethods(entries.map(\.method.rawValue).sorted())
        }
        return .found(entry, parameters: zip(entry.names, values).map { ($0, $1) }, rest: rest)
    }

    /// The rest is not decoded: whoever takes it knows where its parts end.
    private func matchTail(_ method: HTTPRequest.Method, _ path: String) -> Match {
        var (node, values, rest) = (root, [String](), path[...])
        while node.tails.isEmpty {
            rest = rest.drop { $0 == "/" }
            guard !rest.isEmpty else { return .none }
            let raw = rest.prefix { $0 != "/" }
            rest = rest[raw.endIndex...]
            guard let part = raw.removingPercentEncoding else { return .none }
            if let next = node.literals[part] {
                node = next
            } else if let next = node.parameter {
                node = next
                values.append(part)
            } else {
                return .none
            }
        }
        return choose(method, node.tails, values, rest: rest)
    }

    /// The written part goes before the named one.
    private func descend(_ node: Node, _ segments: ArraySlice<Substring>, _ values: inout [String]) -> Node? {
        guard let segment = segments.first else { return node }
        let rest = segments.dropFirst()
        let count = values.count
        if let next = node.literals[String(segment)], let found = descend(next, rest, &values),
            !found.entries.isEmpty
        {
            return found
        }
        values.removeLast(values.count - count)
        guard let next = node.parameter, !segment.isEmpty else { return nil }
        values.append(String(segment))
        return descend(next, rest, &values)
    }
}
