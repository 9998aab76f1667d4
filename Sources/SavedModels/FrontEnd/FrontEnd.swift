public import LightboxCore

/// What stands before a network, computed here: Examples read, images decoded, resized and scaled as the graph's
/// operations and their attributes say.
public struct FrontEnd: Sendable {
    /// What comes out for one batch.
    public struct Result: Sendable {
        /// For the network, in the order of its inputs: float32, uint8, int32 or int64; single numbers in the shape `[1]`.
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
            network: try results.prefix(border).map { try $0.forNetwork() },
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
        // Lying and standing, small and large: what does not change with these is taken as fixed.
        let tries = try [
            (2, Interpreter.Probe(height: 31, width: 37, channels: 3)),
            (3, Interpreter.Probe(height: 53, width: 23, channels: 1)),
            (2, Interpreter.Probe(height: 330, width: 450, channels: 3)),
        ].map { try results($0.0, $0.1) }
        return tries[0].indices.map { position in
            let shapes = tries.map { $0[position].shape }
            let ranks = Set(shapes.map(\.count))
            let lengths: [Int?] = shapes[0].indices.map { axis in
                ranks.count == 1 && shapes.allSatisfy { $0[axis] == shapes[0][axis] } ? shapes[0][axis] : nil
            }
            return (
                tries[0][position].type, PartialShape(ranks.count == 1 ? lengths : nil),
                shapes.map(\.first) == [2, 3, 2]
            )
        }
    }
}

extension GraphTensor {
    /// In a type and a shape that enter a network; see ``CutNetwork/Port/type``.
    fileprivate func forNetwork() throws -> GraphTensor {
        let node = Graph.Node(name: "border", operation: "Cast", inputs: [])
        let call = Call(node: node, inputs: [.tensor(self)], limits: SavedModelLimits(), probe: nil, fetch: nil)
        let carried = try Numbers.cast(call, 0, to: type.carried ?? type)
        return carried.shape.isEmpty ? carried.reshaped([1]) : carried
    }
}

extension SavedModelTensor {
    func accepts(_ lengths: [Int]) -> Bool {
        guard let declared = shape.lengths else { return true }
        return declared.count == lengths.count && zip(declared, lengths).allSatisfy { $0 == nil || $0 == $1 }
    }
}
