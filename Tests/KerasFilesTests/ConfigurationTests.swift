import Foundation
import KerasFiles
import LightboxCore
import Networks
import TestSupport
import Testing

/// Configurations that must be refused with the layer's name, or must not crash.
@Suite("Keras configurations") struct ConfigurationTests {
    /// A model of one layer between an input of 8 × 8 × 4 and the output.
    private func architecture(_ className: String, _ settings: String, input: String = "[null, 8, 8, 4]") throws
        -> KerasArchitecture
    {
        let call = #"[[["in", 0, 0, {}]]]"#
        let json = """
            {"class_name": "Functional", "config": {"name": "one", "layers": [
              {"class_name": "InputLayer", "name": "in", "inbound_nodes": [],
               "config": {"batch_input_shape": \(input), "name": "in"}},
              {"class_name": "\(className)", "name": "mine", "inbound_nodes": \(call),
               "config": {"name": "mine"\(settings.isEmpty ? "" : ", " + settings)}}],
             "input_layers": [["in", 0, 0]], "output_layers": [["mine", 0, 0]]}}
            """
        return try KerasArchitecture(configuration: json)
    }

    @Test(
        "A layer that is not supported is refused by its name and its setting",
        arguments: [
            (
                "Lambda", #""function": ["4wEAAAA=", null, null]"#,
                "is a Lambda: it holds code, which Lightbox never runs"
            ),
            ("MyAttention", "", "is a MyAttention, which is not supported"),
            ("Conv2D", #""filters": 2, "kernel_size": [3, 3], "dilation_rate": [2, 2]"#, "has dilation_rate 2"),
            ("Conv2D", #""filters": 2, "kernel_size": 3, "groups": 2"#, "has groups 2"),
            ("Conv2D", #""filters": 2, "kernel_size": 3, "data_format": "channels_first""#, "channels_first"),
            ("Conv2D", #""filters": 2, "kernel_size": 3, "activation": "swish""#, "has the activation swish"),
            (
                "Conv2D", #""filters": 2, "kernel_size": 3, "activation": {"class_name": "__lambda__"}"#,
                "has code as its activation"
            ),
            ("Conv2D", #""kernel_size": 3"#, "has no filters"),
            ("Conv2D", #""filters": 2, "kernel_size": [0, 3]"#, "kernel_size that is not a height and a width"),
            (
                "Conv2D", #""filters": 2, "kernel_size": 3, "strides": 0"#,
                "strides that is not a height and a width"
            ),
            ("Conv2D", #""filters": 2000000, "kernel_size": 3"#, "filters that is too large"),
            ("Conv2D", #""filters": 1000000, "kernel_size": 64, "padding": "same""#, "is too large"),
            (
                "SeparableConv2D", #""filters": 2, "kernel_size": 3, "depth_multiplier": 2"#,
                "has depth_multiplier 2"
            ),
            ("BatchNormalization", #""axis": 1"#, "has axis 1, not that of the channels"),
            ("ReLU", #""max_value": 4"#, "max_value other than 6"),
            ("ReLU", #""negative_slope": 0.1"#, "with a slope or a threshold"),
            ("Dense", #""units": 3"#, "is a Dense layer on a map of 3 dimensions"),
            ("Reshape", #""target_shape": [7, 7]"#, "makes 2 dimensions"),
            ("Reshape", #""target_shape": [7, -1, 7]"#, "target_shape that does not fit"),
            ("Concatenate", "", "joins 1 layer"),
            ("TFOpLambda", #""function": "math.reduce_mean""#, "is the operator math.reduce_mean"),
        ])
    func refused(className: String, settings: String, problem: String) throws {
        let error = try #require(throws: ArchitectureError.self) { try architecture(className, settings) }
        #expect(error.layer == "mine")
        #expect(error.description.contains("layer mine " + error.problem))
        #expect(error.problem.contains(problem))
    }

    @Test("A window that does not fit is refused") func misfit() {
        #expect(throws: NetworkError.self) { try architecture("Conv2D", #""filters": 2, "kernel_size": 9"#) }
    }

    @Test("Vectors are taken too") func vectors() throws {
        let found = try architecture("Dense", #""units": 3, "activation": "softmax""#, input: "[null, 16]")
        #expect(found.graph.inputShape == [16])
        #expect(found.graph.outputShape == [3])
        #expect(found.graph.layers.map(\.name).suffix(2) == ["mine", "mine_activation"])
        #expect(found.outputActivation == .softmax)
    }

    @Test("A class of one's own is refused") func subclass() throws {
        let error = try #require(throws: ArchitectureError.self) {
            try KerasArchitecture(configuration: #"{"class_name": "MyModel", "config": {"name": "m"}}"#)
        }
        #expect(error.description.contains("MyModel, which holds code"))
    }

    @Test("A graph comes back from its configuration", arguments: Network.all.map(\.name))
    func roundTrip(name: String) throws {
        let graph = try Network.named(name).graph()
        let again = try KerasArchitecture(configuration: KerasFile.configuration(of: graph)).graph
        #expect(again.layers.count == graph.layers.count)
        #expect(again.outputShape == graph.outputShape)
        #expect(again.parameterCount == graph.parameterCount)
        func facts(_ graph: Graph) -> [String: Graph.Layer] {
            Dictionary(graph.layers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        }
        let found = facts(again)
        for layer in graph.layers.dropFirst() {
            #expect(found[layer.name]?.operation == layer.operation, "\(layer.name)")
            #expect(found[layer.name]?.shape == layer.shape, "\(layer.name)")
        }
    }

    @Test(
        "Changed configurations end in an error or a graph",
        arguments: [
            "every_layer_k2.h5", "every_layer_k3.keras", "nested_k3.h5", "sequence_k2.keras", "densenet_tf1.h5",
        ])
    func changed(name: String) throws {
        let configuration = try KerasFile(path: reference("keras-models/" + name)).configuration
        let original = Array(try #require(configuration).utf8)
        let rounds = ProcessInfo.processInfo.environment["LIGHTBOX_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 60
        var random = SeededGenerator(seed: 11, stream: name)
        var graphs = 0
        for _ in 0..<rounds {
            var text = original
            for _ in 0..<Int.random(in: 1...3, using: &random) { mutate(&text, &random) }
            do {
                _ = try KerasArchitecture(
                    configuration: String(decoding: text, as: UTF8.self), height: 32, width: 32)
                graphs += 1
            } catch is ArchitectureError {
            } catch is NetworkError {
            } catch {
                Issue.record("\(error)")
            }
        }
        #expect(graphs < rounds)
    }

    /// Mostly keeps the JSON whole, so that what lies behind the parser is met: other numbers, other words, a
    /// piece of the text in another place.
    private func mutate(_ text: inout [UInt8], _ random: inout SeededGenerator) {
        guard text.count > 64 else { return }
        let tokens = [
            "0", "-1", "1", "7", "99999", "4294967296", "9223372036854775807", "1e300", "null", "[]", "{}",
            "\"x\"", "true",
        ]
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            // Another number.
            let digits = text.indices.filter { (48...57).contains(text[$0]) }
            guard let start = digits.randomElement(using: &random) else { return }
            var end = start
            while end < text.count, (48...57).contains(text[end]) { end += 1 }
            text.replaceSubrange(start..<end, with: Array((tokens.randomElement(using: &random) ?? "0").utf8))
        case 1:
            // Two texts change places.
            let quotes = text.indices.filter { text[$0] == UInt8(ascii: "\"") }
            guard quotes.count > 8 else { return }
            let (a, b) = (
                2 * Int.random(in: 0..<quotes.count / 2, using: &random),
                2 * Int.random(in: 0..<quotes.count / 2, using: &random)
            )
            let (first, second) = (min(a, b), max(a, b))
            guard first < second, second + 1 < quotes.count else { return }
            let (left, right) = (
                Array(text[quotes[first]...quotes[first + 1]]), Array(text[quotes[second]...quotes[second + 1]])
            )
            text.replaceSubrange(quotes[second]...quotes[second + 1], with: left)
            text.replaceSubrange(quotes[first]...quotes[first + 1], with: right)
        case 2:
            text[Int.random(in: 0..<text.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        default:
            // A piece twice.
            let start = Int.random(in: 0..<text.count - 32, using: &random)
            let piece = Array(text[start..<start + Int.random(in: 1...32, using: &random)])
            text.insert(contentsOf: piece, at: Int.random(in: 0..<text.count, using: &random))
        }
    }

    @Test("Deep nesting and long lists are refused") func limits() throws {
        var inner = #"{"class_name": "Flatten", "config": {"name": "f"}}"#
        for depth in 0..<15 {
            let shape = depth == 14 ? #", "build_input_shape": [null, 8, 8, 3]"# : ""
            inner =
                #"{"class_name": "Sequential", "config": {"name": "s\#(depth)", "layers": [\#(inner)]\#(shape)}}"#
        }
        let deep = try #require(throws: ArchitectureError.self) { try KerasArchitecture(configuration: inner) }
        #expect(deep.kind == .limitExceeded)
        let layers = (0..<10_001).map { #"{"class_name": "Flatten", "config": {"name": "f\#($0)"}}"# }
        let long =
            #"{"class_name": "Sequential", "config": {"name": "s", "layers": [\#(layers.joined(separator: ","))]}}"#
        let error = try #require(throws: ArchitectureError.self) { try KerasArchitecture(configuration: long) }
        #expect(error.kind == .limitExceeded)
    }
}
