public import LightboxCore

/// What stands before a network, computed here: Examples read, images decoded, resized and scaled as the graph's
/// operations and their attributes say.
public struct FrontEnd: Sendable {
    /// What comes out for one batch.
    public struct Result: Sendable {
        /// For the network, in the order of its inputs.
        public let network: [GraphTensor]
        /// Outputs that need no network: keys handed through.
        public let outputs: [String: GraphTensor]
    }

    let program: Graph
    let inputs: [SavedModelTensor]
    let outputNames: [String]
    let limits: SavedModelLimits

    /// Whether it does nothing but hand the request's tensors on.
    public var isEmpty: Bool { program.nodes.allSatisfy { $0.operation == "_Arg" || $0.operation == "Identity" } }

    /// Blocks the calling thread; several threads may run it at once.
    ///
    /// - Parameters:
    ///   - inputs: by the signature's names; encoded images and Examples as strings.
    ///   - fetch: gives the bytes behind an address, for models that take one; nil refuses.
    /// - Throws: ``SavedModelError``, for a bad image with its place in the batch.
    public func run(
        _ inputs: [String: GraphTensor], fetch: ((String) throws -> Bytes)? = nil
    ) throws -> Result {
        if let unknown = inputs.keys.first(where: { name in !self.inputs.contains { $0.name == name } }) {
            throw SavedModelError(.badInput, unknown, remedy: "The model has no input of this name.")
        }
        let arguments = try self.inputs.map { input in
            guard let value = inputs[input.name] else {
                throw SavedModelError(.badInput, input.name, remedy: "This input is missing.")
            }
            guard value.type == input.type, input.accepts(value.shape) else {
                throw SavedModelError(
                    .badInput, input.name,
                    remedy: "It takes \(input.type.name) of the shape \(input.shape.text), and was given "
                        + "\(value.type.name) of \(PartialShape(value.shape.map(Optional.some)).text).")
            }
            return value
        }
        var interpreter = Interpreter(limits: limits, fetch: fetch)
        let results = try run(&interpreter, arguments)
        let border = results.count - outputNames.count
        return Result(
            network: Array(results.prefix(border)),
            outputs: Dictionary(zip(outputNames, results.dropFirst(border))) { first, _ in first })
    }

    private func run(_ interpreter: inout Interpreter, _ arguments: [GraphTensor]) throws -> [GraphTensor] {
        try interpreter.run(program, arguments.map { .tensor($0) }).map { value in
            guard case .tensor(let tensor) = value else {
                throw SavedModelError(
                    .unsupportedOperation, "graph", remedy: "What reaches the network is no tensor of numbers.")
            }
            return tensor
        }
    }

    /// Runs with made-up images and empty texts, to learn what reaches the network; everything that it would have to
    /// refuse is refused now rather than at the first request.
    ///
    /// - Returns: for each result type, shape, and whether its first dimension counts the batch.
    func probed() throws -> [(type: DataType, shape: PartialShape, isBatched: Bool)] {
        func results(_ batch: Int, _ probe: Interpreter.Probe) throws -> [GraphTensor] {
            var interpreter = Interpreter(limits: limits, probe: probe)
            let arguments = try inputs.map { input in
                var open = -1
                let lengths = input.shape.lengths ?? [nil]
                let shape = lengths.map { length in
                    if let length { return length }
                    open += 1
                    return open == 0 ? batch : probe.height
                }
                try Call(
                    node: Graph.Node(name: input.name, operation: "Placeholder", inputs: []), inputs: [],
                    limits: limits, probe: nil, fetch: nil
                ).check(shape, input.type)
                guard let zeros = GraphTensor.Elements.zeros(input.type, shape.reduce(1, *)) else {
                    throw SavedModelError(
                        .unsupportedOperation, input.name,
                        remedy: "Inputs of \(input.type.name) are not taken: export the model with float32.")
                }
                return GraphTensor(shape: shape, zeros)
            }
            return try run(&interpreter, arguments)
        }
        let first = try results(2, Interpreter.Probe(height: 31, width: 37, channels: 3))
        let second = try results(3, Interpreter.Probe(height: 41, width: 43, channels: 1))
        return zip(first, second).map { one, other in
            let lengths: [Int?] = zip(one.shape, other.shape).map { $0 == $1 ? $0 : nil }
            let shape = PartialShape(one.shape.count == other.shape.count ? lengths : nil)
            return (one.type, shape, one.shape.first == 2 && other.shape.first == 3)
        }
    }
}

extension SavedModelTensor {
    func accepts(_ lengths: [Int]) -> Bool {
        guard let declared = shape.lengths else { return true }
        return declared.count == lengths.count && zip(declared, lengths).allSatisfy { $0 == nil || $0 == $1 }
    }
}
