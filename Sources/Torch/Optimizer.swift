import CTorch
public import LightboxCore

/// Updates parameters from their gradients, all in a few fused calls.
///
/// Not Sendable: it belongs to the thread that trains.
public final class Optimizer {
    public let settings: OptimizerSettings
    public let parameters: [Parameter]
    private let handle: OpaquePointer
    private let functions: ctorch_functions

    public init(_ settings: OptimizerSettings, parameters: [Parameter]) throws {
        let functions = try TorchLibrary.functions()
        var plain = ctorch_optimizer_settings()
        plain.kind = settings.kind == .sgd ? 1 : 0
        // Through the shortest decimal: Keras computes with Python's 0.9, not with the nearest Float.
        plain.beta1 = settings.beta1.asWritten
        plain.beta2 = settings.beta2.asWritten
        plain.epsilon = settings.epsilon.asWritten
        plain.weight_decay = settings.weightDecay.asWritten
        plain.momentum = settings.momentum.asWritten
        plain.is_nesterov = settings.isNesterov ? 1 : 0
        plain.clip_norm = settings.gradientClipNorm?.asWritten ?? 0
        let handles = parameters.map { Optional($0.tensor.handle) }
        self.settings = settings
        self.parameters = parameters
        self.functions = functions
        handle = try Tensor.make("optimizer") {
            functions.optimizer_make(&plain, handles, Int32(handles.count), $0, $1)
        }
    }

    deinit { functions.optimizer_release(handle) }

    /// Steps done so far.
    public var steps: Int { Int(functions.optimizer_steps(handle)) }

    /// One update. Parameters without a gradient stay.
    public func step(learningRate: Float) throws {
        try check("optimizer") { functions.optimizer_step(handle, learningRate.asWritten, $0) }
    }

    /// To be called before each backward pass; gives the gradients' memory back.
    public func clearGradients() throws {
        for parameter in parameters { try parameter.tensor.clearGradient() }
    }

    // MARK: State

    /// What the optimizer remembers: `name/momentum`, `name/velocity` and `steps`, in Keras's order.
    public func state() throws -> [String: NDArray] {
        var state = ["steps": NDArray(shape: [1], values: [Float(steps)])]
        for (index, parameter) in parameters.enumerated() {
            for (slot, name) in Optimizer.slots.enumerated() {
                guard let tensor = try slotTensor(slot, index) else { continue }
                state[parameter.name + name] = try tensor.array(shape: parameter.shape, layout: parameter.layout)
            }
        }
        return state
    }

    /// Goes on from a state that ``state()`` gave for the same parameters.
    ///
    /// - Throws: ``TorchError``, naming the first array that is missing or misshapen; nothing is changed then.
    public func load(_ state: [String: NDArray]) throws {
        guard let steps = state["steps"]?.values.first, steps >= 0 else { throw mismatch("steps") }
        var writes: [(Tensor, NDArray, Layout)] = []
        for (index, parameter) in parameters.enumerated() {
            for (slot, name) in Optimizer.slots.enumerated() {
                guard let tensor = try slotTensor(slot, index) else { continue }
                guard let array = state[parameter.name + name], array.shape == parameter.shape else {
                    throw mismatch(parameter.name + name)
                }
                writes.append((tensor, array, parameter.layout))
            }
        }
        for (tensor, array, layout) in writes { try tensor.write(array, layout: layout) }
        functions.optimizer_set_steps(handle, Int64(steps))
    }

    private static let slots = ["/momentum", "/velocity"]

    private func slotTensor(_ slot: Int, _ parameter: Int) throws -> Tensor? {
        var made: OpaquePointer?
        try check("optimizer") {
            functions.optimizer_slot(handle, Int32(slot), Int32(parameter), &made, $0)
        }
        return made.map { Tensor(owning: $0, functions) }
    }

    private func mismatch(_ name: String) -> TorchError {
        TorchError(
            code: .stateMismatch, place: name,
            remedy: "The optimizer's state belongs to other parameters or settings. Start without it.")
    }
}

extension Float {
    /// The double that is written with the same digits.
    fileprivate var asWritten: Double { Double(description) ?? Double(self) }
}
