import LightboxCore
import WireFormats

/// One result of an operation in a ``Graph``.
struct Reference: Hashable, Sendable {
    /// The operation's index.
    let node: Int
    let output: Int
}

/// Operations and what each takes from which; calls of functions already replaced by what the functions hold.
struct Graph: Sendable {
    struct Node: Sendable {
        var name: String
        var operation: String
        var inputs: [Reference]
        /// AttrValue messages by name.
        var attributes: [String: Bytes] = [:]
        /// What a branch or a loop runs: condition and body, or one graph for each branch. Only in programs.
        var subgraphs: [Graph] = []
        /// A constant's value; only in programs.
        var constant: GraphTensor?
        /// Where the operation stands in its file; absent for those made up here.
        var definition: NodeDefinition?

        func attribute(_ name: String) throws -> Attribute? { try attributes[name].map(Attribute.init) }
    }

    var nodes: [Node] = []
    /// Operations `_Arg` that stand for what is handed in, in order.
    var arguments: [Int] = []
    var results: [Reference] = []

    @discardableResult
    mutating func add(_ node: Node) -> Int {
        nodes.append(node)
        return nodes.count - 1
    }

    mutating func addArgument(_ name: String) -> Reference {
        let index = add(Node(name: name, operation: "_Arg", inputs: []))
        arguments.append(index)
        return Reference(node: index, output: 0)
    }

    /// The operations that `roots` need, those included; the graph may hold loops.
    func ancestors(of roots: some Sequence<Int>, stop: (Int) -> Bool = { _ in false }) -> Set<Int> {
        var seen = Set(roots)
        var open = Array(seen)
        while let node = open.popLast() {
            if stop(node) { continue }
            for input in nodes[node].inputs where seen.insert(input.node).inserted { open.append(input.node) }
        }
        return seen
    }
}
