import LightboxCore

/// Which operations are computed here and which belong to the network.
///
/// Here: what reads text or encoded images, everything that this needs, and the loops around it. The rest, from the
/// first tensor of numbers on, is the network.
struct GraphPartition {
    private let graph: Graph
    private let model: SavedModel
    private let budget: NodeBudget
    private var answers: [String: Bool] = [:]

    /// The operations computed here.
    private(set) var host: Set<Int> = []

    /// - Parameter inputs: where requests enter.
    init(_ graph: Graph, inputs: Set<Reference>, model: SavedModel, budget: NodeBudget) throws {
        self.graph = graph
        self.model = model
        self.budget = budget
        let entries = Set(inputs.map(\.node))
        let reached = graph.ancestors(of: graph.results.map(\.node)) { entries.contains($0) }
        var seeds = entries.intersection(reached)
        var behind: [(node: Int, distance: Int)] = []
        for node in reached {
            guard try isSeed(node) else { continue }
            let ancestors = graph.ancestors(of: [node]) { entries.contains($0) }
            // A loop is looked into when it is run for the first time.
            if !Self.compounds.contains(graph.nodes[node].operation),
                ancestors.contains(where: { Self.variables.contains(graph.nodes[$0].operation) })
            {
                behind.append((node, ancestors.count))
            }
            seeds.insert(node)
        }
        if let first = behind.min(by: { ($0.distance, $0.node) < ($1.distance, $1.node) })?.node {
            throw SavedModelError(
                .unsupportedOperation, graph.nodes[first].name, operation: graph.nodes[first].operation,
                remedy: "It handles text or images behind the network: export the numbers themselves.")
        }
        host = graph.ancestors(of: seeds) { entries.contains($0) }
        spreadToLists(reached)
        followImages(reached, entries)
        takeInPassThrough(entries)
    }

    private static let variables: Set = ["VarHandleOp", "VariableV2", "Variable"]

    private static let compounds: Set = [
        "Exit", "While", "StatelessWhile", "If", "StatelessIf", "Case", "StatelessCase",
    ]

    // MARK: What has to be computed here

    private static let decoders: Set = [
        "DecodePng", "DecodeJpeg", "DecodeImage", "DecodeBmp", "DecodeGif", "DecodeAndCropJpeg", "DecodeWebP",
        "ExtractJpegShape", "DecodeRaw", "DecodePaddedRaw", "DecodeCompressed", "DecodeCSV", "DecodeBase64",
        "ReadFile",
    ]

    private mutating func isSeed(_ node: Int) throws -> Bool {
        let operation = graph.nodes[node].operation
        if operation == "Exit" { return try loop(endingAt: node).contains { try isSeed($0) } }
        return try handlesText(graph.nodes[node])
    }

    /// Decodes, parses, holds text, or names a function that does.
    private mutating func handlesText(_ node: Graph.Node) throws -> Bool {
        if Self.decoders.contains(node.operation) || node.operation.hasPrefix("Parse") { return true }
        for (_, bytes) in node.attributes {
            let attribute = try Attribute(bytes)
            if attribute.type == .string { return true }
            if try attribute.types().contains(.string) { return true }
            let functions = try attribute.functionNames() + [attribute.functionName()].filter { !$0.isEmpty }
            for name in functions where try functionHandlesText(name) { return true }
        }
        return false
    }

    private mutating func functionHandlesText(_ name: String) throws -> Bool {
        if let answer = answers[name] { return answer }
        answers[name] = false
        guard answers.count < 10_000 else {
            throw SavedModelError(.limitExceeded, model.path, remedy: "The graph has too many functions.")
        }
        for definition in model.library[name]?.nodes ?? [] {
            let node = Graph.Node(
                name: definition.name, operation: definition.operation, inputs: [],
                attributes: try definition.attributes())
            if try handlesText(node) {
                answers[name] = true
                break
            }
        }
        return answers[name]!
    }

    /// The operations of the loop of control flow that an Exit leaves.
    private func loop(endingAt exit: Int) throws -> Set<Int> {
        func input(_ node: Int, where fits: (String) -> Bool) -> Int? {
            graph.nodes[node].inputs.first { fits(graph.nodes[$0.node].operation) }?.node
        }
        guard let choice = input(exit, where: { $0 == "Switch" }),
            let merge = input(choice, where: { $0 == "Merge" }),
            let enter = input(merge, where: { $0 == "Enter" })
        else { return [] }
        let frame = try graph.nodes[enter].attribute("frame_name")?.text()
        var inside: Set<Int> = []
        for node in graph.ancestors(
            of: graph.nodes[exit].inputs.map(\.node),
            stop: { node in
                graph.nodes[node].operation == "Enter"
                    && (try? graph.nodes[node].attribute("frame_name")?.text()) == frame
            }) where graph.nodes[node].operation != "Exit"
        { inside.insert(node) }
        return inside
    }

    /// Operations that take a list which is made here.
    private mutating func spreadToLists(_ reached: Set<Int>) {
        let takers: Set = [
            "TensorListStack", "TensorListGetItem", "TensorListLength", "TensorListConcat", "TensorListConcatV2",
            "TensorListGather", "TensorArrayGatherV3", "TensorArrayReadV3", "TensorArraySizeV3",
            "TensorArrayConcatV3",
        ]
        let candidates = reached.filter { takers.contains(graph.nodes[$0].operation) }
        var changed = true
        while changed {
            changed = false
            for node in candidates where !host.contains(node) {
                guard let list = graph.nodes[node].inputs.first, host.contains(source(of: list.node)) else {
                    continue
                }
                host.formUnion(graph.ancestors(of: [node]))
                changed = true
            }
        }
    }

    /// What follows a decoded image and needs nothing else: resizing and scaling as TensorFlow's kernels do, of
    /// which OpenVINO has not all, so that one batch of images enters the network and no sizes beside it.
    private mutating func followImages(_ reached: Set<Int>, _ entries: Set<Int>) {
        var consumers: [Int: [Int]] = [:]
        for node in reached {
            for input in graph.nodes[node].inputs { consumers[input.node, default: []].append(node) }
        }
        var constants = reached.filter { graph.nodes[$0].operation == "Const" }
        var images = host.subtracting(entries).subtracting(constants)
        images.formIntersection(reached)
        var open = Array(constants) + Array(images)
        while let made = open.popLast() {
            for node in consumers[made] ?? [] where !images.contains(node) && !constants.contains(node) {
                guard isComputable(graph.nodes[node], depth: 0) else { continue }
                let inputs = graph.nodes[node].inputs.map(\.node)
                if inputs.allSatisfy(constants.contains) {
                    constants.insert(node)
                } else if inputs.allSatisfy({
                    constants.contains($0) || images.contains($0) || entries.contains($0)
                }) {
                    images.insert(node)
                } else {
                    continue
                }
                open.append(node)
            }
        }
        host.formUnion(graph.ancestors(of: images) { entries.contains($0) })
    }

    /// Whether an operation is one of those computed here; of a branch or a loop, whether all that it runs is.
    private func isComputable(_ node: Graph.Node, depth: Int) -> Bool {
        guard Self.compounds.contains(node.operation), node.operation != "Exit" else {
            return Operations.all[node.operation] != nil && !Self.staysInNetwork.contains(node.operation)
        }
        let names = ["cond", "body", "then_branch", "else_branch"].compactMap { attribute in
            (try? node.attribute(attribute)?.functionName()) ?? nil
        }
        return depth < 8 && !names.isEmpty
            && names.allSatisfy { name in
                model.library[name]?.nodes.allSatisfy { definition in
                    let inner = Graph.Node(
                        name: definition.name, operation: definition.operation, inputs: [],
                        attributes: (try? definition.attributes()) ?? [:])
                    return definition.operation == "Const" || isComputable(inner, depth: depth + 1)
                } ?? false
            }
    }

    private static let staysInNetwork: Set = ["MatMul", "VarHandleOp", "VariableV2", "ReadVariableOp", "Switch"]

    /// Results that only hand an input through.
    private mutating func takeInPassThrough(_ entries: Set<Int>) {
        for result in graph.results where entries.contains(source(of: result.node)) {
            host.formUnion(graph.ancestors(of: [result.node]) { entries.contains($0) })
        }
    }

    /// What an operation's value is that only hands it on.
    private func source(of node: Int) -> Int {
        var node = node
        for _ in 0..<graph.nodes.count {
            guard
                ["Identity", "StopGradient", "EnsureShape", "PreventGradient"].contains(
                    graph.nodes[node].operation),
                let input = graph.nodes[node].inputs.first
            else { break }
            node = input.node
        }
        return node
    }
}
