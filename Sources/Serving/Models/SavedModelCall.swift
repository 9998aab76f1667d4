import Foundation
import Inference
import LightboxCore
import SavedModels

/// A SavedModel's signature: what stands before its network is computed here, and its keys are handed through.
struct SavedModelCall: ServedCall {
    let signature: ServedSignature
    let batcher: MicroBatcher
    private let plan: ServablePlan
    private let network: Network?
    private let settings: LoadedModel.Settings
    /// Whether rows can be computed by themselves: then images are decoded side by side.
    private let isRowWise: Bool
    /// Inputs that take one value, without an index of instances.
    private let scalars: Set<String>

    /// The compiled network; its ports come in an order of their own.
    private struct Network: Sendable {
        let engine: Engine
        /// For each of the engine's inputs the place of the front end's result.
        let inputs: [Int]
        /// Outputs by the signature's name, and their place among the engine's.
        let outputs: [(name: String, index: Int)]
    }

    init(_ plan: ServablePlan, name: String, settings: LoadedModel.Settings) throws {
        self.plan = plan
        self.settings = settings
        signature = try ServedSignature(plan.signature, model: name)
        scalars = Set(plan.signature.inputs.filter { $0.shape.lengths?.isEmpty == true }.map(\.name))
        isRowWise = (plan.signature.inputs + plan.signature.outputs).allSatisfy { tensor in
            guard let first = tensor.shape.lengths?.first else { return true }
            return first == nil || first == 1
        }
        network = try plan.network.map { try Self.compile($0, name: name, settings: settings) }
        batcher = network?.engine.batcher ?? MicroBatcher(settings: settings.batching) { $1(.success($0)) }
    }

    private static func compile(_ cut: CutNetwork, name: String, settings: LoadedModel.Settings) throws -> Network
    {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lightbox-\(UUID().uuidString)")
            .path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try cut.write(to: folder)
        let joinsRows = (cut.inputs + cut.outputs).allSatisfy(\.isBatched)
        let engine: Engine
        do {
            engine = try Engine(.file(folder), settings: settings.engine, joinsRows: joinsRows)
        } catch let error as InferenceError {
            throw ServingError(
                .modelRefused, model: name, "its network is not one that is computed here", remedy: error.remedy)
        }
        func place(_ port: String, among names: [String]) throws -> Int {
            guard let index = names.firstIndex(of: port) else {
                throw ServingError(
                    .modelRefused, model: name, "its network lost a port on the way", remedy: "Export it to ONNX.")
            }
            return index
        }
        return Network(
            engine: engine,
            inputs: try engine.inputs.map { try place($0.name, among: cut.inputs.map(\.port)) },
            outputs: try cut.outputs.map { ($0.name, try place($0.port, among: engine.outputs.map(\.name))) })
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
        if !scalars.isEmpty || (isRowWise && !plan.frontEnd.isEmpty) {
            let field = signature.inputs.count == 1 ? signature.inputs[0].name : nil
            return try await RowWise.each(rows, field: field) { row in
                try await compute(inputs.mapValues { $0.row(row) }, rows: 1, isAlone: isAlone, deadline: deadline)
            }
        }
        return try await compute(inputs, rows: rows, isAlone: isAlone, deadline: deadline)
    }

    private func compute(
        _ inputs: [String: ServedTensor], rows: Int, isAlone: Bool, deadline: ContinuousClock.Instant?
    ) async throws -> [String: ServedTensor] {
        var values: [String: GraphTensor] = [:]
        for (name, tensor) in inputs {
            values[name] = GraphTensor(shape: scalars.contains(name) ? [] : tensor.shape, tensor.graphElements)
        }
        let front = try await frontEnd(values)
        var outputs: [String: ServedTensor] = [:]
        for (name, tensor) in front.outputs { outputs[name] = ServedTensor(tensor) }
        guard let network else { return outputs }
        let tensors = try front.network.map { tensor -> Tensor in
            guard let tensor = tensor.forNetwork else {
                throw ServingError(.failed, "texts reach the network", remedy: "Export the model again.")
            }
            return tensor
        }
        let results = try await network.engine.predict(
            network.inputs.map { tensors[$0] }, rows: rows, isAlone: isAlone, deadline: deadline)
        for (name, index) in network.outputs {
            guard let port = signature.outputs.first(where: { $0.name == name }) else { continue }
            outputs[name] = ServedTensor(results[index], type: port.type).withRows
        }
        return outputs
    }

    /// Decodes images and what else stands before the network, on a thread that may take its time.
    private func frontEnd(_ values: [String: GraphTensor]) async throws -> FrontEnd.Result {
        do {
            if plan.frontEnd.isEmpty { return try plan.frontEnd.run(values) }
            let fetch = settings.remoteImages.map { remote in
                { @Sendable (address: String) throws -> Bytes in
                    try waiting { try await remote.bytes(at: address, limit: settings.images.maximumBytes) }
                }
            }
            return try await blocking { [plan] in try plan.frontEnd.run(values, fetch: fetch) }
        } catch let error as SavedModelError {
            throw ServingError(error)
        }
    }
}

extension OpenedModel {
    /// The signatures that can be served.
    ///
    /// - Throws: why the usual one cannot be, where none can.
    static func savedModelCalls(
        _ path: String, name: String, settings: LoadedModel.Settings
    ) throws -> [any ServedCall] {
        let model = try SavedModel(path: path)
        var calls: [any ServedCall] = []
        var refusals: [String: any Error] = [:]
        for signature in model.signatures.keys.sorted() {
            do {
                let plan = try model.cut(signature: signature, allowsFetching: settings.remoteImages != nil)
                calls.append(try SavedModelCall(plan, name: name, settings: settings))
            } catch {
                refusals[signature] = error
            }
        }
        guard calls.isEmpty else { return calls }
        throw refusals[ServedSignature.defaultName] ?? refusals.min { $0.key < $1.key }?.value
            ?? ServingError(
                .modelRefused, model: name, "it has no signatures", remedy: "Export it with a serving signature.")
    }
}

extension ServedSignature {
    fileprivate init(_ signature: SavedModelSignature, model: String) throws {
        func ports(_ tensors: [SavedModelTensor], isOutput: Bool) throws -> [ServedPort] {
            try tensors.map { tensor in
                guard let type = ServedType(tensor.type, isOutput: isOutput) else {
                    throw ServingError(
                        .modelRefused, model: model, field: tensor.name, "it has the type \(tensor.type.name)",
                        remedy: "Export the model with float32, integers or strings.")
                }
                // A single value is taken for each instance.
                let lengths = tensor.shape.lengths ?? [nil]
                return ServedPort(name: tensor.name, type: type, shape: [nil] + lengths.dropFirst())
            }
        }
        self.init(
            name: signature.name, methodName: signature.methodName,
            inputs: try ports(signature.inputs, isOutput: false),
            outputs: try ports(signature.outputs, isOutput: true))
    }
}

extension ServedType {
    fileprivate init?(_ type: DataType, isOutput: Bool) {
        switch type {
        case .float: self = .float32
        case .double: self = isOutput ? .float32 : .float64
        case .half, .bfloat16: if isOutput { self = .float32 } else { return nil }
        case .int32: self = .int32
        case .int8, .int16, .uint16: if isOutput { self = .int32 } else { return nil }
        case .int64: self = .int64
        case .uint32, .uint64: if isOutput { self = .int64 } else { return nil }
        case .uint8: self = .uint8
        case .bool: self = .bool
        case .string: self = .string
        default: return nil
        }
    }
}

extension ServingError {
    fileprivate init(_ error: SavedModelError) {
        switch error.code {
        case .badInput:
            self.init(
                .badImage, instance: error.instance,
                "the model cannot read this at \(error.operation ?? error.place)",
                remedy: error.remedy)
        case .limitExceeded:
            self.init(.tooLarge, instance: error.instance, "a limit is passed", remedy: error.remedy)
        default: self.init(.failed, "the part before the network could not be computed", remedy: "\(error)")
        }
    }
}

extension ServedTensor {
    fileprivate init(_ tensor: GraphTensor) {
        let shape = tensor.shape.isEmpty ? [1] : tensor.shape
        switch tensor.elements {
        case .float32(let values): self.init(shape: shape, elements: .float32(values))
        case .float64(let values): self.init(shape: shape, elements: .float64(values))
        case .int32(let values): self.init(shape: shape, elements: .int32(values))
        case .int64(let values): self.init(shape: shape, elements: .int64(values))
        case .uint8(let values): self.init(shape: shape, elements: .uint8(values))
        case .uint16(let values): self.init(shape: shape, elements: .int32(values.map { Int32($0) }))
        case .bool(let values): self.init(shape: shape, elements: .bool(values))
        case .strings(let values): self.init(shape: shape, elements: .strings(values))
        }
    }

    /// A single value as that of one instance.
    fileprivate var withRows: ServedTensor { shape.isEmpty ? ServedTensor(shape: [1], elements: elements) : self }

    fileprivate var graphElements: GraphTensor.Elements {
        switch elements {
        case .float32(let values): .float32(values)
        case .float64(let values): .float64(values)
        case .int32(let values): .int32(values)
        case .int64(let values): .int64(values)
        case .uint8(let values): .uint8(values)
        case .bool(let values): .bool(values)
        case .strings(let values): .strings(values)
        }
    }
}

extension GraphTensor {
    /// What the network takes; nil for texts.
    fileprivate var forNetwork: Tensor? {
        switch elements {
        case .float32(let values): Tensor(shape: shape, elements: .float32(values))
        case .float64(let values): Tensor(shape: shape, elements: .float32(values.map { Float($0) }))
        case .int32(let values): Tensor(shape: shape, elements: .int32(values))
        case .int64(let values): Tensor(shape: shape, elements: .int64(values))
        case .uint8(let values): Tensor(shape: shape, elements: .uint8(values))
        case .uint16(let values): Tensor(shape: shape, elements: .int32(values.map { Int32($0) }))
        case .bool(let values): Tensor(shape: shape, elements: .uint8(values.map { $0 ? 1 : 0 }))
        case .strings: nil
        }
    }
}
