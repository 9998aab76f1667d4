public import LightboxCore
public import Networks
import WireFormats

extension NetworkWeights {
    /// The bytes of a safetensors file with the arrays of a graph, each named `layer/kernel`, in Keras's layout.
    ///
    /// - Precondition: the weights are the graph's.
    public func safetensors(for graph: Graph) -> Bytes {
        let tensors = graph.layers.flatMap { layer in
            layer.weights.compactMap { weight in
                self[layer, weight.name].map { SafetensorsTensor("\(layer.name)/\(weight.name)", $0) }
            }
        }
        return Bytes(Safetensors.encode(tensors, metadata: ["format": "lightbox", "network": graph.name]))
    }

    /// Reads such a file.
    ///
    /// - Throws: `WeightError`, naming every layer that is missing, extra or misshapen.
    public init(safetensors path: String, for graph: Graph) throws {
        let file = try Safetensors(path: path)
        var layers: [String: [NDArray]] = [:]
        var taken: Set<String> = []
        for layer in graph.layers where !layer.weights.isEmpty {
            let arrays = try layer.weights.compactMap { weight in
                let name = "\(layer.name)/\(weight.name)"
                taken.insert(name)
                return try file[name]?.array()
            }
            if !arrays.isEmpty { layers[layer.name] = arrays }
        }
        for tensor in file.tensors where !taken.contains(tensor.name) {
            layers["\(tensor.name) (in the file)"] = [NDArray(shape: tensor.shape, repeating: 0)]
        }
        self.init(layers)
        do {
            try check(against: graph)
        } catch var error as WeightError {
            error.file = path
            throw error
        }
    }
}
