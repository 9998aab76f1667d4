import LightboxCore

/// Makes a graph ready to be computed: a copy of what some results need, in order, with loops and branches holding
/// graphs of their own, TensorFlow 1's loops of control flow (`Enter`, `Merge`, `Switch`, `NextIteration`, `Exit`)
/// brought to the same form.
///
/// A loop of control flow has, for each variable, `Enter → Merge → Switch`; the Switch's first result leads to the
/// Exit, its second through the body to `NextIteration`, back to the Merge. One `LoopCond` steers all its Switches.
struct ProgramBuilder {
    private let source: Graph
    private let model: SavedModel
    private let budget: NodeBudget
    private let depth: Int
    /// Loop variables by the LoopCond that steers them.
    private let variables: [Int: [LoopVariable]]
    private var target = Graph()
    private var bound: [Reference: Reference] = [:]
    private var placed: [Int: Int] = [:]
    private var loops: [Int: Int] = [:]
    private var open: [(node: Int, inputs: [Reference])] = []
    /// In a loop: the Enters of values that do not change, in the order of the arguments behind the variables.
    private var invariants: [Int]?

    private struct LoopVariable {
        let merge, choice, enter, next: Int
    }

    private init(
        _ source: Graph, _ model: SavedModel, _ budget: NodeBudget, depth: Int,
        variables: [Int: [LoopVariable]]? = nil
    ) throws {
        self.source = source
        self.model = model
        self.budget = budget
        self.depth = depth
        self.variables = try variables ?? Self.loopVariables(source, model.path)
        guard depth < model.limits.callDepth else {
            throw SavedModelError(
                .limitExceeded, model.path, remedy: "Loops nest more than \(model.limits.callDepth) deep.")
        }
    }

    /// The program that gives `results` when it is handed `arguments`, which cut off what stands before them.
    static func program(
        of source: Graph, arguments: [Reference], results: [Reference], model: SavedModel, budget: NodeBudget,
        depth: Int = 0
    ) throws -> Graph {
        var builder = try ProgramBuilder(source, model, budget, depth: depth)
        for argument in arguments {
            builder.bound[argument] = builder.target.addArgument(source.nodes[argument.node].name)
        }
        return try builder.finished(results)
    }

    private mutating func finished(_ results: [Reference]) throws -> Graph {
        target.results = try results.map { try copy($0) }
        while let (node, inputs) = open.popLast() { target.nodes[node].inputs = try inputs.map { try copy($0) } }
        return try target.sorted(place: model.path)
    }

    private mutating func copy(_ reference: Reference) throws -> Reference {
        if let there = bound[reference] { return there }
        let node = source.nodes[reference.node]
        if node.operation == "Exit" || node.operation == "RefExit" { return try copyOfExit(node) }
        if node.operation == "Enter" || node.operation == "RefEnter" { return try copyOfInvariant(reference.node) }
        if let index = placed[reference.node] { return Reference(node: index, output: reference.output) }
        try budget.spend()
        var copied = node
        copied.inputs = []
        copied.definition = nil
        copied.subgraphs = try branches(of: node)
        if node.operation == "Const", let value = node.attributes["value"] {
            guard let tensor = try Attribute(value).message.message(8) else {
                throw SavedModelError.malformed(model.path, "A constant has no value.")
            }
            copied.constant = try GraphTensor(tensor, place: node.name, limits: model.limits)
            copied.attributes = [:]
        }
        let index = target.add(copied)
        placed[reference.node] = index
        open.append((index, node.inputs))
        return Reference(node: index, output: reference.output)
    }

    /// The functions that a loop or a branch names, as programs.
    private func branches(of node: Graph.Node) throws -> [Graph] {
        let names: [String] =
            switch node.operation {
            case "While", "StatelessWhile":
                try ["cond", "body"].map { try node.attribute($0)?.functionName() ?? "" }
            case "If", "StatelessIf":
                try ["then_branch", "else_branch"].map { try node.attribute($0)?.functionName() ?? "" }
            case "Case", "StatelessCase": try node.attribute("branches")?.functionNames() ?? []
            default: []
            }
        return try names.map { name in
            let function = try GraphBuilder.function(name, of: model, budget: budget)
            return try Self.program(
                of: function, arguments: function.arguments.map { Reference(node: $0, output: 0) },
                results: function.results, model: model, budget: budget, depth: depth + 1)
        }
    }

    // MARK: Loops of control flow

    private mutating func copyOfExit(_ exit: Graph.Node) throws -> Reference {
        guard let choice = exit.inputs.first?.node, source.nodes[choice].inputs.count == 2,
            let steered = variables[source.nodes[choice].inputs[1].node],
            let position = steered.firstIndex(where: { $0.choice == choice })
        else { throw malformedLoop }
        let steering = source.nodes[choice].inputs[1].node
        if let loop = loops[steering] { return Reference(node: loop, output: position) }
        var inside = try ProgramBuilder(source, model, budget, depth: depth + 1, variables: variables)
        inside.invariants = []
        for variable in steered {
            let argument = inside.target.addArgument(source.nodes[variable.enter].name)
            inside.bound[Reference(node: variable.merge, output: 0)] = argument
            inside.bound[Reference(node: variable.choice, output: 1)] = argument
        }
        // One copy for condition and body keeps their arguments alike; each is then cut to what it needs.
        guard let condition = source.nodes[steering].inputs.first else { throw malformedLoop }
        let nexts = try steered.map { variable in
            guard let input = source.nodes[variable.next].inputs.first else { throw malformedLoop }
            return input
        }
        let both = try inside.finished([condition] + nexts)
        var (test, body) = (both, both)
        test.results = Array(both.results.prefix(1))
        body.results = Array(both.results.dropFirst())
        let enters = steered.map(\.enter) + (inside.invariants ?? [])
        try budget.spend()
        let loop = target.add(
            Graph.Node(
                name: source.nodes[steering].name, operation: "_Loop", inputs: [],
                subgraphs: [try test.sorted(place: model.path), try body.sorted(place: model.path)]))
        loops[steering] = loop
        open.append(
            (
                loop,
                try enters.map { enter in
                    guard let input = source.nodes[enter].inputs.first else { throw malformedLoop }
                    return input
                }
            ))
        return Reference(node: loop, output: position)
    }

    private mutating func copyOfInvariant(_ enter: Int) throws -> Reference {
        guard invariants != nil else { throw malformedLoop }
        invariants!.append(enter)
        let argument = target.addArgument(source.nodes[enter].name)
        bound[Reference(node: enter, output: 0)] = argument
        return argument
    }

    private static func loopVariables(_ graph: Graph, _ place: String) throws -> [Int: [LoopVariable]] {
        var variables: [Int: [LoopVariable]] = [:]
        for (index, node) in graph.nodes.enumerated() {
            guard node.operation == "Switch" || node.operation == "RefSwitch", node.inputs.count == 2,
                graph.nodes[node.inputs[1].node].operation == "LoopCond"
            else { continue }
            let merge = node.inputs[0].node
            let inputs = graph.nodes[merge].inputs.map(\.node)
            guard let enter = inputs.first(where: { graph.nodes[$0].operation.hasSuffix("Enter") }),
                let next = inputs.first(where: { graph.nodes[$0].operation.hasSuffix("NextIteration") })
            else { throw SavedModelError.malformed(place, "A loop has no beginning.") }
            variables[node.inputs[1].node, default: []].append(
                LoopVariable(merge: merge, choice: index, enter: enter, next: next))
        }
        return variables
    }

    private var malformedLoop: SavedModelError {
        SavedModelError.malformed(model.path, "A loop's parts do not fit one another: export the model again.")
    }
}
