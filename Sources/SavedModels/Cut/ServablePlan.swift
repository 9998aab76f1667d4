import LightboxCore

/// A signature made ready for serving: what is computed here, what the network computes, and who answers what.
///
/// A request's tensors go through ``frontEnd``; what that gives for the network goes to ``network``; each output
/// comes from one of the two.
public struct ServablePlan: Sendable {
    public let signature: SavedModelSignature
    /// nil when every output is answered without one.
    public let network: CutNetwork?
    public let frontEnd: FrontEnd
    /// Outputs answered by the front end: instance keys and the like.
    public let passThrough: [String]
    /// Whether an address is fetched, for which ``FrontEnd/run(_:fetch:)`` needs its `fetch`.
    public let takesAddresses: Bool
}

extension SavedModel {
    /// Parts a signature into what is computed here and the network.
    ///
    /// - Parameters:
    ///   - name: nil for the only one, else `serving_default`.
    ///   - allowsFetching: takes `ReadFile` for a request to fetch the address that an input gives; otherwise it is
    ///     refused like everything that reads files.
    /// - Throws: ``SavedModelError``, with the operation's name for what cannot be parted or is not allowed.
    public func cut(signature name: String? = nil, allowsFetching: Bool = false) throws -> ServablePlan {
        let signature = try signature(named: name)
        do {
            return try Cut(self, signature, allowsFetching: allowsFetching).plan()
        } catch let error as SavedModelError {
            throw error
        } catch {
            throw SavedModelError.malformed(path, "The graph is damaged: export or fetch it again. \(error)")
        }
    }
}

private struct Cut {
    let model: SavedModel
    let signature: SavedModelSignature
    let allowsFetching: Bool
    let budget: NodeBudget

    init(_ model: SavedModel, _ signature: SavedModelSignature, allowsFetching: Bool) {
        self.model = model
        self.signature = signature
        self.allowsFetching = allowsFetching
        budget = NodeBudget(model)
    }

    func plan() throws -> ServablePlan {
        let (outputs, inputs) = (signature.outputs, signature.inputs)
        guard !outputs.isEmpty else {
            throw SavedModelError(.unsupportedOperation, signature.name, remedy: "The signature has no outputs.")
        }
        // Inputs are results as well here, so that each has its place in the graph.
        var graph = try GraphBuilder.main(
            of: model, results: (outputs + inputs).map(\.tensorName), budget: budget)
        let entries = Array(graph.results.suffix(inputs.count))
        graph.results.removeLast(inputs.count)
        let reached = try checked(graph, entries)
        let partition = try GraphPartition(graph, inputs: Set(entries), model: model, budget: budget)

        let isHost = graph.results.map { partition.host.contains($0.node) }
        let hostOutputs = zip(outputs, zip(graph.results, isHost)).filter(\.1.1).map { ($0.0, $0.1.0) }
        let networkOutputs = zip(outputs, zip(graph.results, isHost)).filter { !$0.1.1 }.map { ($0.0, $0.1.0) }
        let (members, border) = network(graph, partition, networkOutputs.map(\.1))
        let program = try ProgramBuilder.program(
            of: graph, arguments: entries, results: border + hostOutputs.map(\.1), model: model, budget: budget)
        let frontEnd = FrontEnd(
            program: program, inputs: inputs, outputNames: hostOutputs.map(\.0.name), limits: model.limits)
        let learned = try frontEnd.probed()
        let network =
            try networkOutputs.isEmpty
            ? nil : cutNetwork(graph, members, border, entries, learned, networkOutputs)
        return ServablePlan(
            signature: signature, network: network, frontEnd: frontEnd, passThrough: hostOutputs.map(\.0.name),
            takesAddresses: reached.contains { graph.nodes[$0].operation == "ReadFile" })
    }

    /// Refuses what a model may not do, and inputs that nobody gives.
    private func checked(_ graph: Graph, _ entries: [Reference]) throws -> Set<Int> {
        if let refusal = try model.refusals().first(where: { $0.operation != "ReadFile" || !allowsFetching }) {
            throw refusal
        }
        let given = Set(entries.map(\.node))
        let reached = graph.ancestors(of: graph.results.map(\.node)) { given.contains($0) }
        var variableBytes = 0
        for node in reached.subtracting(given).map({ graph.nodes[$0] }) {
            switch node.operation {
            case "Placeholder":
                throw SavedModelError(
                    .malformed, node.name, operation: node.operation,
                    remedy: "The signature \(signature.name) does not name this input: export the model again.")
            case "Const":
                guard let value = try node.attribute("value")?.message.message(8) else { continue }
                let type = DataType(number: value.number(1))
                _ = try GraphTensor.shape(of: value, type: type, place: node.name, limits: model.limits)
            case "VarHandleOp", "VariableV2":
                variableBytes += try bytes(ofVariable: node)
            default: break
            }
        }
        let stored = model.variableBytes
        guard variableBytes <= stored else {
            throw SavedModelError(
                .limitExceeded, model.path,
                remedy:
                    "Its variables ask for \(variableBytes) bytes and the folder holds \(stored): copy all of it.")
        }
        return reached
    }

    private func bytes(ofVariable node: Graph.Node) throws -> Int {
        guard let lengths = try node.attribute("shape")?.shape().lengths, !lengths.contains(nil) else { return 0 }
        var bytes = try node.attribute("dtype")?.type.size ?? 0
        for length in lengths {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: length!)
            guard !overflow, product < 1 << 48 else {
                throw SavedModelError(
                    .limitExceeded, node.name, operation: node.operation, remedy: "The variable is too large.")
            }
            bytes = product
        }
        return bytes
    }

    /// The network's operations, and the tensors that enter it.
    private func network(
        _ graph: Graph, _ partition: GraphPartition, _ results: [Reference]
    ) -> (members: Set<Int>, border: [Reference]) {
        var members: Set<Int> = []
        var border: [Reference] = []
        var open = results.map(\.node)
        var seen: Set<Reference> = []
        while let node = open.popLast() {
            guard members.insert(node).inserted else { continue }
            for input in graph.nodes[node].inputs {
                // Constants serve on both sides.
                if partition.host.contains(input.node), graph.nodes[input.node].operation != "Const" {
                    if seen.insert(input).inserted { border.append(input) }
                } else {
                    open.append(input.node)
                }
            }
        }
        return (members, border.sorted { ($0.node, $0.output) < ($1.node, $1.output) })
    }

    private func cutNetwork(
        _ graph: Graph, _ members: Set<Int>, _ border: [Reference], _ entries: [Reference],
        _ learned: [(type: DataType, shape: PartialShape, isBatched: Bool)],
        _ outputs: [(tensor: SavedModelTensor, reference: Reference)]
    ) throws -> CutNetwork {
        let ports = try zip(border, learned).enumerated().map { position, input in
            let (reference, known) = input
            guard known.type.carried != nil else {
                throw SavedModelError(
                    .unsupportedOperation, graph.nodes[reference.node].name,
                    operation: graph.nodes[reference.node].operation,
                    remedy: "It hands \(known.type.name) to the network, which takes numbers.")
            }
            let given = entries.firstIndex(of: reference).map { signature.inputs[$0].name }
            return CutNetwork.Port(
                name: given ?? graph.nodes[reference.node].name, port: "lightbox_input_\(position)",
                type: known.type,
                shape: known.shape, isBatched: known.isBatched)
        }
        var named: [Reference: String] = [:]
        var results: [NetworkWriter.Result] = []
        let outputPorts = try outputs.map { tensor, reference in
            guard tensor.type.carried != nil else {
                throw SavedModelError(
                    .unsupportedOperation, graph.nodes[reference.node].name,
                    operation: graph.nodes[reference.node].operation,
                    remedy: "The output \(tensor.name) is \(tensor.type.name): export the numbers themselves.")
            }
            if named[reference] == nil {
                named[reference] = "lightbox_output_\(results.count)"
                results.append(
                    .init(output: named[reference]!, reference: reference, type: tensor.type, shape: tensor.shape))
            }
            return CutNetwork.Port(
                name: tensor.name, port: named[reference]!, type: tensor.type, shape: tensor.shape,
                isBatched: tensor.shape.lengths.map { $0.first == .some(nil) } ?? true)
        }
        var writer = NetworkWriter(model, graph, members: members)
        let bytes = try writer.bytes(
            entries: zip(border, ports).map {
                .init(reference: $0, port: $1.port, type: $1.type, shape: $1.shape)
            },
            results: results)
        return CutNetwork(inputs: ports, outputs: outputPorts, graph: bytes, source: model.path)
    }
}
