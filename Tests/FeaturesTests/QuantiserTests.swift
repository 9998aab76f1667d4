import Inference
import LightboxCore
import Networks
import TestSupport
import Testing

/// A small network with the shapes that quantising treats differently.
private func model(seed: UInt64 = 1) throws -> ONNXModel {
    let graph = try Graph(name: "small", input: [16, 16, 3]) { image in
        var x = image.conv("first", 8, kernel: 3, stride: 2, padding: .same).norm().relu()
        let shortcut = x.conv("shortcut", 16, kernel: 1, stride: 2, padding: .same)
        x = x.separable("separable", 16).norm().relu()
        x = x.maxPool(3, stride: 2, padding: .same).adding(shortcut)
        let left = x.conv("left", 8, kernel: 1, bias: true).relu()
        let right = x.conv("right", 8, kernel: 3, padding: .same, bias: true).relu()
        return left.joined(with: right).conv("last", 12, kernel: 1).relu().globalAverage()
    }
    return try graph.onnx(weights: .initial(for: graph, seed: seed))
}

private func images(_ count: Int, seed: UInt64) -> [NDArray] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { _ in
        let brightness = random.uniform() - 0.5
        let values = (0..<(16 * 16 * 3)).map { _ in Float(brightness + random.uniform() - 0.5) }
        return NDArray(shape: [1, 16, 16, 3], values: values)
    }
}

private func runner(_ model: ONNXModel) throws -> (NDArray) throws -> [NDArray] {
    let compiled = try CompiledModel(.onnx(Bytes(try model.serialized()), name: "small"))
    return { try compiled.run([Tensor($0)]).map(\.array) }
}

@Suite("Quantiser") struct QuantiserTests {
    @Test("Features of a quantised network stay close to f32's")
    func agreement() throws {
        let model = try model()
        let quantised = try Quantiser().quantise(model, calibration: images(24, seed: 1), makeRunner: runner).model
        let (exact, rounded) = (try runner(model), try runner(quantised))
        for image in images(8, seed: 2) {
            let (expected, found) = (try exact(image)[0].values, try rounded(image)[0].values)
            let error = zip(expected, found).map { ($0 - $1) * ($0 - $1) }.reduce(0, +)
            let power = expected.map { $0 * $0 }.reduce(0, +)
            #expect(error / power < 1e-3)
        }
    }

    @Test("Says what stayed float and why")
    func report() throws {
        let report = try Quantiser().quantise(
            try model(), calibration: images(4, seed: 1), makeRunner: runner
        ).report
        let float = report.layers.filter { $0.reasonForFloat != nil }.map(\.name)
        #expect(float == ["first"])
        #expect(report.quantisedCount == 6)
        for layer in report.layers where layer.reasonForFloat == nil {
            let range = try #require(layer.inputRange)
            #expect(range[0] <= 0 && range[1] > 0)
            #expect(try #require(layer.inputNoise) < 1e-3)
            #expect(try #require(layer.kernelNoise) < 1e-3)
        }
    }

    @Test("Leaves layers float that it was asked to")
    func floatLayers() throws {
        var quantiser = Quantiser()
        quantiser.floatLayers = ["left"]
        let report = try quantiser.quantise(
            try model(), calibration: images(4, seed: 1), makeRunner: runner
        ).report
        #expect(report.layers.first { $0.name == "left" }?.reasonForFloat != nil)
        #expect(report.quantisedCount == 5)
    }

    @Test("The same model and images give the same bytes")
    func determinism() throws {
        func bytes() throws -> [UInt8] {
            try Quantiser().quantise(
                try model(), calibration: images(4, seed: 1), makeRunner: runner
            ).model.serialized()
        }
        #expect(try bytes() == bytes())
    }

    @Test("A quarter of the kernels' size is left")
    func size() throws {
        let graph = try Graph(name: "wide", input: [8, 8, 3]) { image in
            image.conv("first", 64, kernel: 1).relu().conv("second", 512, kernel: 3).globalAverage()
        }
        let model = try graph.onnx(weights: .initial(for: graph, seed: 1))
        let calibration = [NDArray(shape: [1, 8, 8, 3], repeating: 0.5)]
        let quantised = try Quantiser().quantise(model, calibration: calibration, makeRunner: runner).model
        #expect(try Double(quantised.serialized().count) < 0.3 * Double(model.serialized().count))
    }

    @Test("An outlier does not take the range from all other values")
    func outlier() throws {
        var calibration = images(8, seed: 1)
        calibration[3].values[100] = 1000
        func range(_ ranges: Quantiser.Ranges) throws -> Float {
            var quantiser = Quantiser()
            quantiser.ranges = ranges
            let report = try quantiser.quantise(try model(), calibration: calibration, makeRunner: runner).report
            return try #require(report.layers.first { $0.name == "separable/depthwise" }?.inputRange)[1]
        }
        #expect(try range(.leastSquares) <= range(.extremes))
    }

    @Test("Nothing to quantise, or nothing to calibrate with, is an error")
    func refusals() throws {
        let graph = try Graph(name: "dense", input: [2, 2, 3]) { $0.globalAverage().dense("only", 4) }
        let dense = try graph.onnx(weights: .initial(for: graph, seed: 1))
        #expect(throws: NetworkError.self) {
            try Quantiser().quantise(dense, calibration: images(1, seed: 1), makeRunner: runner)
        }
        #expect(throws: NetworkError.self) {
            try Quantiser().quantise(try model(), calibration: [NDArray](), makeRunner: runner)
        }
    }
}
