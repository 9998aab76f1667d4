extension Graph {
    /// The layers' indices in the order in which Keras lists and saves them: the longest way to the output
    /// first; of equally long ways, the one that a walk from the output meets first.
    public var kerasOrder: [Int] {
        var visits: [Int: Int] = [:]
        var finished: [Int] = []
        // Depth first, each layer before its inputs, without recursion: networks are hundreds of layers deep.
        var stack: [(layer: Int, nextInput: Int)] = [(output, 0)]
        visits[output] = 0
        while let (layer, next) = stack.last {
            guard next < layers[layer].inputs.count else {
                finished.append(layer)
                stack.removeLast()
                continue
            }
            stack[stack.count - 1].nextInput += 1
            let input = layers[layer].inputs[next]
            if visits[input] == nil {
                visits[input] = visits.count
                stack.append((input, 0))
            }
        }
        var depths: [Int: Int] = [:]
        for layer in finished.reversed() {
            let depth = depths[layer, default: 0]
            depths[layer] = depth
            for input in layers[layer].inputs { depths[input] = max(depths[input] ?? 0, depth + 1) }
        }
        return finished.sorted { a, b in
            let (depthA, depthB) = (depths[a] ?? 0, depths[b] ?? 0)
            return depthA == depthB ? (visits[a] ?? 0) < (visits[b] ?? 0) : depthA > depthB
        }
    }
}
