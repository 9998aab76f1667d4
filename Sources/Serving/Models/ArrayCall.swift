import Inference
import LightboxCore

/// A model that takes arrays and gives arrays, called as its file has it.
struct ArrayCall: ServedCall {
    let signature: ServedSignature
    var batcher: MicroBatcher { engine.batcher }
    private let engine: Engine

    /// - Parameter source: of a model all of whose inputs and outputs are of types that are served.
    init(_ source: ModelSource, name: String, settings: LoadedModel.Settings) throws {
        engine = try Engine(source, settings: settings.engine)
        func ports(_ ports: [Port], isOutput: Bool) throws -> [ServedPort] {
            try ports.enumerated().map { index, port in
                guard let type = ServedType(port.elementType, isOutput: isOutput) else {
                    throw ServingError(
                        .modelRefused, model: name, field: port.name,
                        "this \(isOutput ? "output" : "input") has the type \(port.elementType.rawValue)",
                        remedy: "Export the model with numbers of type float32, uint8, int32 or int64.")
                }
                guard let shape = port.shape else {
                    throw ServingError(
                        .modelRefused, model: name, field: port.name, "it has an open number of dimensions",
                        remedy: "Export the model with a fixed number of dimensions.")
                }
                let word = isOutput ? "output" : "input"
                return ServedPort(
                    name: port.name.isEmpty ? "\(word)\(index)" : port.name, type: type, shape: shape)
            }
        }
        signature = ServedSignature(
            inputs: try ports(engine.inputs, isOutput: false), outputs: try ports(engine.outputs, isOutput: true))
    }

    func predict(
        _ inputs: [String: ServedTensor], rows: Int, extras: Extras, isAlone: Bool,
        deadline: ContinuousClock.Instant?
    ) async throws -> [String: ServedTensor] {
        guard extras.isEmpty else {
            throw ServingError(
                .unavailableExtra, field: "extras", "only models that were trained here have these",
                remedy: "Leave them out.")
        }
        let values = signature.inputs.compactMap { inputs[$0.name]?.tensor }
        let outputs = try await engine.predict(values, rows: rows, isAlone: isAlone, deadline: deadline)
        return Dictionary(
            zip(signature.outputs, outputs).map { ($0.name, ServedTensor($1, type: $0.type)) },
            uniquingKeysWith: { first, _ in first })
    }
}
