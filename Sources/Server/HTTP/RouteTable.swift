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
        case found(Entry, parameters: [(name: String, value: String)])
        /// The path is known, with other methods.
        case otherMethods([String])
        case none
    }

    private final class Node {
        var literals: [String: Node] = [:]
        var parameter: Node?
        /// By verb, then by method.
        var entries: [String: [(method: HTTPRequest.Method, entry: Entry)]] = [:]
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
            for segment in segments {
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
            node.entries[String(verb), default: []].append((route.method, entry))
        }
    }

    /// - Parameter path: as it came, without the query. Parts may be percent-encoded, slashes and all.
    func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
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
        let wanted = method == .head ? .get : method
        guard let entry = entries.first(where: { $0.method == wanted })?.entry else {
            return .otherMethods(entries.map(\.method.rawValue).sorted())
        }
        return .found(entry, parameters: zip(entry.names, values).map { ($0, $1) })
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
