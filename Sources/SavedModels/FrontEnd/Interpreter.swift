import LightboxCore

/// What flows along a program's edges.
enum GraphValue: Sendable {
    case tensor(GraphTensor)
    case list(TensorList)
    /// What comes out of the branch that is not taken.
    case dead
    /// A result that is not computed here, and that nothing may ask for.
    case absent
}

/// A `TensorList`, or a `TensorArray` of TensorFlow 1: there it travels along the edge `flow`.
struct TensorList: Sendable {
    var elements: [GraphTensor?]
    var type: DataType
    /// Of one element, as far as declared.
    var shape: [Int?]?
}

/// Computes a program on the processor, operation by operation as TensorFlow's own kernels do.
struct Interpreter {
    /// How inputs that are not there yet are stood in for, to learn shapes before the first request.
    struct Probe {
        /// What every decoder gives.
        let height, width, channels: Int
    }

    let limits: SavedModelLimits
    var probe: Probe?
    /// Gives the bytes behind an address; nil refuses every address.
    var fetch: ((String) throws -> Bytes)?
    private var steps: Int

    init(limits: SavedModelLimits, probe: Probe? = nil, fetch: ((String) throws -> Bytes)? = nil) {
        self.limits = limits
        self.probe = probe
        self.fetch = fetch
        steps = limits.steps
    }

    mutating func run(_ graph: Graph, _ arguments: [GraphValue]) throws -> [GraphValue] {
        var values = [[GraphValue]](repeating: [], count: graph.nodes.count)
        for (argument, value) in zip(graph.arguments, arguments) { values[argument] = [value] }
        for (index, node) in graph.nodes.enumerated() where node.operation != "_Arg" {
            let inputs = try node.inputs.map { try Self.value(values, $0, for: node) }
            steps -= 1
            guard steps > 0 else {
                throw SavedModelError(
                    .limitExceeded, node.name, operation: node.operation,
                    remedy: "The part before the network takes more than \(limits.steps) steps.")
            }
            values[index] = try results(of: node, inputs)
        }
        return graph.results.map { reference in
            guard reference.output < values[reference.node].count else { return .dead }
            return values[reference.node][reference.output]
        }
    }

    private static func value(_ values: [[GraphValue]], _ reference: Reference, for node: Graph.Node) throws
        -> GraphValue
    {
        let results = values[reference.node]
        if reference.output < results.count { return results[reference.output] }
        if case .dead? = results.first { return .dead }
        throw SavedModelError.malformed(node.name, "An operation takes a result that another does not give.")
    }

    private mutating func results(of node: Graph.Node, _ inputs: [GraphValue]) throws -> [GraphValue] {
        if let constant = node.constant { return [.tensor(constant)] }
        if node.operation == "Merge" {
            for (position, input) in inputs.enumerated() {
                if case .dead = input { continue }
                return [input, .tensor(.scalar(Int32(position)))]
            }
            return [.dead]
        }
        if inputs.contains(where: { if case .dead = $0 { true } else { false } }) { return [.dead] }
        let call = Call(node: node, inputs: inputs, limits: limits, probe: probe, fetch: fetch)
        switch node.operation {
        case "_Loop", "While", "StatelessWhile": return try loop(call)
        case "If", "StatelessIf":
            return try branch(call, call.truth(0) ? 0 : 1)
        case "Case", "StatelessCase":
            let wanted = try call.int(0)
            return try branch(call, node.subgraphs.indices.contains(wanted) ? wanted : node.subgraphs.count - 1)
        default:
            guard let compute = Operations.all[node.operation] else { throw call.unsupported() }
            return try compute(call)
        }
    }

    private mutating func branch(_ call: Call, _ position: Int) throws -> [GraphValue] {
        guard call.node.subgraphs.indices.contains(position) else {
            throw call.malformed("It has no such branch.")
        }
        return try run(call.node.subgraphs[position], Array(call.inputs.dropFirst()))
    }

    /// Condition and body take the variables and, behind them, what does not change.
    private mutating func loop(_ call: Call) throws -> [GraphValue] {
        guard call.node.subgraphs.count == 2 else { throw call.malformed("A loop has a condition and a body.") }
        let (condition, body) = (call.node.subgraphs[0], call.node.subgraphs[1])
        guard body.results.count <= call.inputs.count, condition.results.count == 1 else {
            throw call.malformed("A loop's body gives more than the loop keeps.")
        }
        var state = call.inputs
        var turn = 0
        while true {
            let goesOn = try run(condition, state)
            guard case .tensor(let answer) = goesOn[0], case .bool(let truth) = answer.elements, truth.count == 1
            else {
                throw call.malformed("A loop's condition is not true or false.")
            }
            guard truth[0] else { return state }
            do {
                state.replaceSubrange(0..<body.results.count, with: try run(body, state))
            } catch var error as SavedModelError where error.code == .badInput {
                error.instance = error.instance ?? turn
                throw error
            }
            turn += 1
        }
    }
}

/// One operation and what it is given.
struct Call {
    let node: Graph.Node
    let inputs: [GraphValue]
    let limits: SavedModelLimits
    let probe: Interpreter.Probe?
    let fetch: ((String) throws -> Bytes)?

    func tensor(_ index: Int) throws -> GraphTensor {
        guard index < inputs.count else { throw malformed("It has too few inputs.") }
        switch inputs[index] {
        case .tensor(let tensor): return tensor
        case .absent:
            throw unsupported("It takes a variable, or a sparse or ragged feature, which is not read here.")
        default: throw malformed("It takes a list where a tensor is expected.")
        }
    }

    func list(_ index: Int) throws -> TensorList {
        guard index < inputs.count, case .list(let list) = inputs[index] else {
            throw malformed("It takes something else where a list is expected.")
        }
        return list
    }

    /// A tensor of whole numbers as a flat array.
    func ints(_ index: Int) throws -> [Int] {
        switch try tensor(index).elements {
        case .int32(let values): return values.map(Int.init)
        case .int64(let values): return values.map { Int($0) }
        case .uint8(let values): return values.map(Int.init)
        default: throw malformed("It takes something else where whole numbers are expected.")
        }
    }

    func int(_ index: Int) throws -> Int {
        guard let value = try ints(index).first else { throw malformed("It takes an empty tensor for a number.") }
        return value
    }

    func floats(_ index: Int) throws -> [Float] {
        guard case .float32(let values) = try tensor(index).elements else {
            throw malformed("It takes something else where 32-bit floats are expected.")
        }
        return values
    }

    func strings(_ index: Int) throws -> [Bytes] {
        guard case .strings(let values) = try tensor(index).elements else {
            throw malformed("It takes something else where byte strings are expected.")
        }
        return values
    }

    func truth(_ index: Int) throws -> Bool {
        let tensor = try tensor(index)
        switch tensor.elements {
        case .bool(let values): return values.first ?? false
        case .strings(let values): return values.first.map { !$0.isEmpty } ?? false
        default: return try tensor.count > 0 && Numbers.double(self, index).contains { $0 != 0 }
        }
    }

    func flag(_ name: String) throws -> Bool { try node.attribute(name)?.flag ?? false }
    func attribute(int name: String) throws -> Int? { try node.attribute(name)?.int }
    func attribute(type name: String) throws -> DataType { try node.attribute(name)?.type ?? .invalid }
    func attribute(text name: String) throws -> String { try node.attribute(name)?.text() ?? "" }

    /// An axis counted from the end when negative.
    func axis(_ axis: Int, rank: Int) throws -> Int {
        let place = axis < 0 ? axis + rank : axis
        guard (0..<max(rank, 1)).contains(place) else { throw malformed("It names an axis that is not there.") }
        return place
    }

    /// Holds a result's size against the limit before memory is taken for it; a length of 0 does not hide others.
    func check(_ shape: [Int], _ type: DataType) throws {
        var bytes = type.size ?? 16
        for length in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: max(length, 1))
            guard length >= 0 else { throw malformed("It asks for a negative length.") }
            guard !overflow, product <= limits.tensorBytes else {
                throw SavedModelError(
                    .limitExceeded, node.name, operation: node.operation,
                    remedy: "It asks for more than \(limits.tensorBytes) bytes.")
            }
            bytes = product
        }
    }

    func malformed(_ problem: String) -> SavedModelError {
        SavedModelError(.malformed, node.name, operation: node.operation, remedy: problem)
    }

    func badInput(_ remedy: String, instance: Int? = nil) -> SavedModelError {
        SavedModelError(.badInput, node.name, operation: node.operation, instance: instance, remedy: remedy)
    }

    func unsupported(_ why: String? = nil) -> SavedModelError {
        SavedModelError(
            .unsupportedOperation, node.name, operation: node.operation,
            remedy: why
                ?? "It stands before the network and is not computed here: export the model so that it takes the image."
        )
    }
}
