import LightboxCore

/// Walks a model's graph back from the wanted results and puts functions in the place of their calls.
///
/// Loops and branches that name functions (`While`, `If`) stay as they are. Only what the results need is read, so
/// that the parts for saving and training cost nothing.
struct GraphBuilder {
    /// One function's (or the main graph's) names.
    private final class Scope {
        let names: Names
        let prefix: String
        let depth: Int
        /// nil for the main graph, and for a function that is not called but handed over.
        let parent: Scope?
        /// What the call gives, in names of the parent.
        let given: [String]
        /// nil for the main graph.
        let function: FunctionDefinition?
        var placed: [String: Int] = [:]
        var called: [String: Scope] = [:]

        init(_ names: Names, prefix: String, function: FunctionDefinition?, parent: Scope?, given: [String]) {
            self.names = names
            self.prefix = prefix
            self.function = function
            self.parent = parent
            self.given = given
            depth = (parent?.depth ?? -1) + 1
        }
    }

    /// Which operation or argument a name means.
    private struct Names {
        let nodes: [String: NodeDefinition]
        let arguments: [String: Int]

        init(_ nodes: [NodeDefinition], arguments: [String] = []) {
            self.nodes = Dictionary(nodes.map { ($0.name, $0) }) { first, _ in first }
            self.arguments = Dictionary(zip(arguments, 0...)) { first, _ in first }
        }
    }

    private let model: SavedModel
    private let budget: NodeBudget
    private var namesOfFunctions: [String: Names] = [:]
    private var graph = Graph()
    private var open: [(node: Int, inputs: [String], scope: Scope)] = []

    private init(_ model: SavedModel, _ budget: NodeBudget) {
        self.model = model
        self.budget = budget
    }

    /// The graph that gives these tensors, by the main graph's names.
    static func main(of model: SavedModel, results: [String], budget: NodeBudget) throws -> Graph {
        var builder = GraphBuilder(model, budget)
        let scope = Scope(Names(model.nodes), prefix: "", function: nil, parent: nil, given: [])
        for name in results { builder.graph.results.append(try builder.resolve(name, in: scope)) }
        try builder.finish()
        return builder.graph
    }

    /// A function that an operation names, its arguments as `_Arg`.
    static func function(_ name: String, of model: SavedModel, budget: NodeBudget) throws -> Graph {
        guard let function = model.library[name] else {
            throw SavedModelError.malformed(model.path, "The graph names a function that is not there.")
        }
        var builder = GraphBuilder(model, budget)
        for argument in function.arguments { _ = builder.graph.addArgument(argument) }
        let scope = Scope(builder.names(of: function), prefix: "", function: function, parent: nil, given: [])
        for name in function.results { builder.graph.results.append(try builder.resolve(name, in: scope)) }
        try builder.finish()
        return builder.graph
    }

    private mutating func finish() throws {
        while let (node, inputs, scope) = open.popLast() {
            graph.nodes[node].inputs = try inputs.map { try resolve($0, in: scope) }
        }
    }

    /// Where a name leads: through arguments to the caller, through calls to what the function gives.
    private mutating func resolve(_ name: String, in scope: Scope) throws -> Reference {
        var (name, scope) = (name, scope)
        // A chain of calls may be long, but each step goes to a scope made before or one deeper.
        for _ in 0..<(1 << 16) {
            let place = TensorName(name)
            if place.argument == nil, let position = scope.names.arguments[place.node] {
                guard let parent = scope.parent else {
                    return Reference(node: graph.arguments[position], output: 0)
                }
                guard position < scope.given.count else { throw broken("A call gives too few arguments.") }
                (name, scope) = (scope.given[position], parent)
                continue
            }
            guard let node = scope.names.nodes[place.node] else {
                throw broken("An operation's input is not there.")
            }
            let output = try place.output(of: node)
            guard Self.calls.contains(node.operation) else {
                return Reference(node: try placed(node, in: scope), output: output)
            }
            let inner = try scopeOfCall(node, in: scope)
            guard output < inner.function!.results.count else {
                throw broken("A call is asked for too many results.")
            }
            (name, scope) = (inner.function!.results[output], inner)
        }
        throw broken("Its calls go in a circle.")
    }

    private static let calls: Set = ["PartitionedCall", "StatefulPartitionedCall"]

    private mutating func placed(_ node: NodeDefinition, in scope: Scope) throws -> Int {
        if let index = scope.placed[node.name] { return index }
        try budget.spend()
        let index = graph.add(
            Graph.Node(
                name: scope.prefix + node.name, operation: node.operation, inputs: [],
                attributes: try node.attributes(), definition: node))
        scope.placed[node.name] = index
        open.append((index, node.inputs.filter { !$0.hasPrefix("^") }, scope))
        return index
    }

    private mutating func names(of function: FunctionDefinition) -> Names {
        if let names = namesOfFunctions[function.name] { return names }
        let names = Names(function.nodes, arguments: function.arguments)
        namesOfFunctions[function.name] = names
        return names
    }

    private mutating func scopeOfCall(_ call: NodeDefinition, in scope: Scope) throws -> Scope {
        if let inner = scope.called[call.name] { return inner }
        guard scope.depth < model.limits.callDepth else {
            throw SavedModelError(
                .limitExceeded, model.path,
                remedy: "Its functions call one another more than \(model.limits.callDepth) deep.")
        }
        guard let name = try call.attributes()["f"].map({ try Attribute($0).functionName() }),
            let function = model.library[name]
        else { throw broken("A call names a function that is not there.") }
        try budget.spend()
        let inner = Scope(
            names(of: function), prefix: scope.prefix + call.name + "/", function: function, parent: scope,
            given: call.inputs.filter { !$0.hasPrefix("^") })
        scope.called[call.name] = inner
        return inner
    }

    private func broken(_ problem: String) -> SavedModelError {
        SavedModelError.malformed(model.path, "\(problem) Export the model again.")
    }
}

/// Counts down what one cut may place, in all graphs together.
final class NodeBudget {
    private let place: String
    private let limit: Int
    private var spent = 0

    init(_ model: SavedModel) {
        place = model.path
        limit = model.limits.nodes
    }

    func spend() throws {
        spent += 1
        guard spent <= limit else {
            throw SavedModelError(.limitExceeded, place, remedy: "The graph has more than \(limit) operations.")
        }
    }
}

/// A tensor's name: `node`, `node:2` in the main graph, `node:argument:2` inside a function.
struct TensorName {
    let node: String
    /// nil in the main graph's form.
    let argument: String?
    let index: Int

    init(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        node = parts.first.map(String.init) ?? ""
        argument = parts.count > 2 ? String(parts[1]) : nil
        index = parts.count > 1 ? Int(parts.last!) ?? 0 : 0
    }

    /// The position among all of the operation's results.
    func output(of node: NodeDefinition) throws -> Int {
        guard let argument, let lists = OperationResults.named[node.operation] else { return max(0, index) }
        var before = 0
        for (name, count) in lists {
            if name == argument { break }
            guard let count else {
                before += 1
                continue
            }
            let attribute = try node.attributes()[count].map(Attribute.init)
            let types = try attribute?.types().count ?? 0
            before += types > 0 ? types : max(0, attribute?.int ?? 0)
        }
        return before + max(0, index)
    }
}

/// The results of operations that have several of different names: needed where a function names them. The second
/// part is the attribute that counts, or lists the types of, those under one name.
enum OperationResults {
    static let named: [String: [(String, String?)]] = {
        var table = single.mapValues { names in names.map { ($0, String?.none) } }
        let sparse: [(String, String?)] = [
            ("sparse_indices", "num_sparse"), ("sparse_values", "sparse_types"), ("sparse_shapes", "num_sparse"),
            ("dense_values", "Tdense"),
        ]
        table["ParseSingleExample"] = sparse
        table["ParseExampleV2"] =
            sparse + [("ragged_values", "ragged_value_types"), ("ragged_row_splits", "ragged_split_types")]
        table["ParseExample"] = sparse.map { ($0.0, $0.1 == "num_sparse" ? "Nsparse" : $0.1) }
        return table
    }()

    private static let norm = [
        "y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2", "reserve_space_3",
    ]

    private static let single: [String: [String]] = [
        "FusedBatchNorm": norm, "FusedBatchNormV2": norm, "FusedBatchNormV3": norm,
        "BlockLSTM": ["i", "cs", "f", "o", "ci", "co", "h"],
        "GRUBlockCell": ["r", "u", "c", "h"],
        "CTCGreedyDecoder": ["decoded_indices", "decoded_values", "decoded_shape", "log_probability"],
        "CTCLoss": ["loss", "gradient"],
        "ListDiff": ["out", "idx"],
        "MaxPoolWithArgmax": ["output", "argmax"],
        "Merge": ["output", "value_index"],
        "NonMaxSuppressionV4": ["selected_indices", "valid_outputs"],
        "NonMaxSuppressionV5": ["selected_indices", "selected_scores", "valid_outputs"],
        "CombinedNonMaxSuppression": ["nmsed_boxes", "nmsed_scores", "nmsed_classes", "valid_detections"],
        "SparseFillEmptyRows": ["output_indices", "output_values", "empty_row_indicator", "reverse_index_map"],
        "SparseReshape": ["output_indices", "output_shape"],
        "StringSplit": ["indices", "values", "shape"], "StringSplitV2": ["indices", "values", "shape"],
        "Switch": ["output_false", "output_true"],
        "TensorArrayV3": ["handle", "flow"], "TensorArrayConcatV3": ["value", "lengths"],
        "TensorListConcat": ["tensor", "lengths"], "TensorListConcatV2": ["tensor", "lengths"],
        "TensorListPopBack": ["output_handle", "tensor"],
        "TopK": ["values", "indices"], "TopKV2": ["values", "indices"],
        "Unique": ["y", "idx"], "UniqueV2": ["y", "idx"], "UniqueWithCounts": ["y", "idx", "count"],
    ]
}
