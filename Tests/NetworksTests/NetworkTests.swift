import LightboxCore
import Networks
import Testing

@Suite("Networks") struct NetworkTests {
    @Test("Features have the size that the facts promise", arguments: Network.all)
    func featureCount(network: Network) throws {
        #expect(try network.graph().outputShape == [network.featureCount])
        #expect(try network.graph(output: .features(.none)).outputShape.last == network.featureCount)
        let smallest = try network.graph(
            height: network.minimumSize, width: network.minimumSize, channels: 1, output: .features(.max))
        #expect(smallest.outputShape == [network.featureCount])
        #expect(smallest.inputShape == [network.minimumSize, network.minimumSize, 1])
    }

    @Test("A classifier has as many scores as classes", arguments: Network.all.filter { $0.classes > 0 })
    func classifier(network: Network) throws {
        #expect(try network.graph(output: .scores()).outputShape == [network.classes])
        #expect(try network.graph(output: .logits(classes: 14)).outputShape == [14])
    }

    /// Keras's own counts, from its documentation: with the classifier of 1,000 classes.
    @Test(
        "The number of weights is Keras's",
        arguments: [
            ("xception", 22_910_480), ("inception_v3", 23_851_784), ("densenet121", 8_062_504),
            ("densenet169", 14_307_880), ("densenet201", 20_242_984), ("resnet50", 25_636_712),
            ("mobilenet", 4_253_864), ("mobilenet_v2", 3_538_984),
        ])
    func parameters(name: String, count: Int) throws {
        #expect(try Network.named(name).graph(output: .scores()).parameterCount == count)
    }

    @Test("Names forgive case and strokes", arguments: ["MobileNet-V2", "mobilenetv2", "mobilenet_v2_1.0"])
    func named(name: String) throws { #expect(try Network.named(name).name == "mobilenet_v2") }

    @Test("An unknown name is answered with the nearest ones") func unknown() throws {
        let error = try #require(throws: NetworkError.self) { try Network.named("densenet112") }
        #expect(error.kind == .notFound)
        #expect(error.remedy.contains("densenet121"))
    }

    @Test("Names and aliases are unique") func uniqueNames() {
        let names = Network.all.flatMap { [$0.name] + $0.aliases }
        #expect(Set(names).count == names.count)
    }

    @Test("An input that does not fit is refused", arguments: [(70, 299, 3), (299, 299, 4), (299, 1 << 20, 3)])
    func input(height: Int, width: Int, channels: Int) throws {
        let error = try #require(throws: NetworkError.self) {
            try Network.xception.graph(height: height, width: width, channels: channels)
        }
        #expect(error.kind == .invalidInput)
    }

    @Test("A network without classifier says so") func noClassifier() {
        #expect(throws: NetworkError.self) { try Network.heatmap.graph(output: .scores()) }
    }

    @Test("A layer that does not fit is named") func misfit() throws {
        let error = try #require(throws: NetworkError.self) {
            try Graph(name: "wrong", input: [8, 8, 3]) { image in
                image.adding(image.conv("shrunk", 3, kernel: 3), "sum")
            }
        }
        #expect(error.problem.contains("layer sum"))
    }
}

@Suite("Windows") struct WindowTests {
    /// TensorFlow's rule: the odd row of padding stands at the bottom.
    @Test(
        "Same padding",
        arguments: [
            (5, 3, 1, 5, 1, 1), (6, 3, 2, 3, 0, 1), (7, 3, 2, 4, 1, 1), (224, 3, 2, 112, 0, 1), (7, 1, 2, 4, 0, 0),
            (17, 7, 1, 17, 3, 3), (4, 2, 1, 4, 0, 1),
        ])
    func same(input: Int, size: Int, stride: Int, output: Int, before: Int, after: Int) {
        let window = Window(Extent(size, size), stride: Extent(stride, stride), padding: .same)
        #expect(window.output(of: Extent(input, input)) == Extent(output, output))
        let expected = Edges(top: before, left: before, bottom: after, right: after)
        #expect(window.edges(of: Extent(input, input)) == expected)
    }

    @Test("Valid padding", arguments: [(5, 3, 1, 3), (6, 3, 2, 2), (7, 3, 2, 3), (2, 3, 1, 0)])
    func valid(input: Int, size: Int, stride: Int, output: Int) {
        let window = Window(Extent(size, size), stride: Extent(stride, stride))
        #expect(window.output(of: Extent(input, input)) == Extent(output, output))
        #expect(window.edges(of: Extent(input, input)) == Edges())
    }
}

@Suite("Network weights") struct NetworkWeightsTests {
    @Test("Initial weights follow the layers' rules and the seed") func initial() throws {
        let graph = try Network.tiny.graph(output: .scores())
        let weights = NetworkWeights.initial(for: graph, seed: 1)
        try weights.check(against: graph)
        #expect(weights == NetworkWeights.initial(for: graph, seed: 1))
        #expect(weights != NetworkWeights.initial(for: graph, seed: 2))
        #expect(weights.layers["conv1_bn"]?.map { $0.values[0] } == [1, 0, 0, 1])
        let kernel = try #require(weights.layers["conv1"]?[0])
        let limit = (6 / Float(27 + 72)).squareRoot()
        #expect(kernel.values.allSatisfy { abs($0) <= limit })
        #expect((kernel.values.max() ?? 0) > 0.9 * limit)
    }

    @Test("Problems are listed by layer") func problems() throws {
        let graph = try Network.tiny.graph()
        var weights = NetworkWeights.initial(for: graph, seed: 1)
        weights.layers["conv1"] = [NDArray(shape: [3, 3, 1, 8])]
        weights.layers["bn4"] = nil
        weights.layers["other"] = [NDArray(shape: [2])]
        let error = try #require(throws: WeightError.self) { try weights.check(against: graph) }
        #expect(
            error.problems == [
                .misshapen(layer: "conv1", expected: [[3, 3, 3, 8]], found: [[3, 3, 1, 8]]),
                .missing(layer: "bn4", expected: [[32], [32], [32], [32]]), .extra(layer: "other", found: [[2]]),
            ])
        #expect(error.description.contains("layer conv1 is misshapen: expected 3×3×3×8, found 3×3×1×8"))
    }
}
