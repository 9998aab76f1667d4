import Networks

/// What can be known of a walk through a graph before it starts.
struct ForwardPlan {
    /// For each layer, the layers whose values nobody needs after it.
    let drops: [[Int]]
    /// For norms whose only reader is a ReLU: what the norm applies in the same pass.
    let fused: [Int: Activation]
    /// Layers that only hand on what their input is: ReLUs done by a norm.
    let isPassed: [Bool]

    init(_ graph: Graph) {
        let consumers = graph.consumers
        var fused: [Int: Activation] = [:]
        var isPassed = Array(repeating: false, count: graph.layers.count)
        for (index, layer) in graph.layers.enumerated() {
            guard case .norm = layer.operation, index != graph.output, consumers[index].count == 1 else {
                continue
            }
            let reader = consumers[index][0]
            if case .activation(let activation) = graph.layers[reader].operation,
                activation == .relu || activation == .relu6
            {
                fused[index] = activation
                isPassed[reader] = true
            }
        }
        var drops = Array(repeating: [Int](), count: graph.layers.count)
        for (index, readers) in consumers.enumerated() where index != graph.output {
            drops[readers.max() ?? index].append(index)
        }
        self.drops = drops
        self.fused = fused
        self.isPassed = isPassed
    }
}
