import LightboxCore
import Testing
import Torch

@Suite("Optimizers against Keras") struct OptimizerTests {
    static let settings: [String: OptimizerSettings] = {
        var all: [String: OptimizerSettings] = [
            "adam": .init(), "adam_clipped": .init(), "adam_epsilon": .init(),
            "adamW": .init(.adamW, weightDecay: 0.1), "sgd": .init(.sgd),
            "sgd_momentum": .init(.sgd, weightDecay: 0.1), "sgd_nesterov": .init(.sgd),
        ]
        all["adam_clipped"]?.gradientClipNorm = 0.5
        all["adam_epsilon"]?.beta1 = 0.8
        all["adam_epsilon"]?.beta2 = 0.95
        all["adam_epsilon"]?.epsilon = 0.1
        all["sgd_momentum"]?.momentum = 0.9
        all["sgd_nesterov"]?.momentum = 0.9
        all["sgd_nesterov"]?.isNesterov = true
        return all
    }()

    private func parameters() throws -> [Parameter] {
        try [("first", [3]), ("second", [2, 2])].map { name, shape in
            let values = Formula.numbers(name, count: shape.reduce(1, *))
            return try Parameter(name: name, Tensor(NDArray(shape: shape, values: values)))
        }
    }

    /// Leaves the gradients of the reference: those of Σ p · g.
    private func differentiate(_ parameters: [Parameter], step: Int) throws {
        for parameter in parameters {
            let values = Formula.numbers("gradient/\(step)/\(parameter.name)", count: parameter.shape.reduce(1, *))
            try (parameter.tensor * Tensor(NDArray(shape: parameter.shape, values: values))).sum().backward()
        }
    }

    @Test("Four steps", arguments: settings.keys.sorted())
    func steps(name: String) throws {
        let parameters = try parameters()
        let optimizer = try Optimizer(#require(OptimizerTests.settings[name]), parameters: parameters)
        for (step, expected) in try #require(EngineReference.stored.optimizers[name]).enumerated() {
            try optimizer.clearGradients()
            try differentiate(parameters, step: step)
            try optimizer.step(learningRate: 0.01)
            for (parameter, values) in zip(parameters, expected) {
                #expect(distance(try parameter.array().values, values) < 2e-6, "step \(step), \(parameter.name)")
            }
        }
        #expect(optimizer.steps == 4)
    }

    @Test("A saved state goes on to the same bits", arguments: settings.keys.sorted())
    func resumed(name: String) throws {
        let settings = try #require(OptimizerTests.settings[name])
        let (whole, first) = (try parameters(), try parameters())
        let (through, before) = (
            try Optimizer(settings, parameters: whole), try Optimizer(settings, parameters: first)
        )
        func run(_ optimizer: Optimizer, _ steps: Range<Int>) throws {
            for step in steps {
                try optimizer.clearGradients()
                try differentiate(optimizer.parameters, step: step)
                try optimizer.step(learningRate: 0.01)
            }
        }
        try run(through, 0..<4)
        try run(before, 0..<2)
        let after = try first.map { try Parameter(name: $0.name, Tensor($0.array())) }
        let resumed = try Optimizer(settings, parameters: after)
        try resumed.load(before.state())
        try run(resumed, 2..<4)
        #expect(try after.map { try $0.array() } == whole.map { try $0.array() })
    }

    @Test("A state of other parameters is refused by name")
    func foreignState() throws {
        let optimizer = try Optimizer(OptimizerSettings(), parameters: parameters())
        var state = try optimizer.state()
        state["second/velocity"] = NDArray(shape: [3])
        let error = #expect(throws: TorchError.self) { try optimizer.load(state) }
        #expect(error?.place == "second/velocity")
    }
}
