import LightboxCore
import Networks
import WireFormats

/// A graph as Keras's configuration, in the spelling of Keras 2, which Keras 3 reads too. Only settings that
/// differ from Keras's defaults, or that its versions default differently, are written.
struct KerasConfiguration {
    private let graph: Graph
    /// Indices of the layers, in the order in which Keras will list them.
    let order: [Int]
    /// What each layer is called: Keras 3 allows no `/` in a name.
    let names: [String]
    /// Layers with weights that are not to be trained.
    private let frozen: Set<String>

    /// - Parameter keepsNames: whether names stay as they are, which only ``KerasArchitecture`` reads.
    init(_ graph: Graph, frozen: Set<String> = [], keepsNames: Bool = false) {
        self.graph = graph
        self.frozen = frozen
        order = graph.kerasOrder
        var taken: Set<String> = []
        names = graph.layers.map { layer in
            let base = keepsNames ? layer.name : KerasConfiguration.plain(layer.name)
            var (name, number) = (base, 1)
            while !taken.insert(name).inserted {
                name = "\(base)_\(number)"
                number += 1
            }
            return name
        }
    }

    private static func plain(_ name: String) -> String { String(name.map { $0 == "/" ? "_" : $0 }) }

    func json() -> JSONValue {
        let end = { (index: Int) -> JSONValue in .array([.string(names[index]), .integer(0), .integer(0)]) }
        return object([
            ("class_name", .string("Functional")),
            (
                "config",
                object([
                    ("name", .string(KerasConfiguration.plain(graph.name))), ("trainable", .bool(true)),
                    ("layers", .array(order.map { layer($0) })),
                    ("input_layers", .array([end(0)])), ("output_layers", .array([end(graph.output)])),
                ])
            ),
        ])
    }

    private func layer(_ index: Int) -> JSONValue {
        let layer = graph.layers[index]
        let (className, settings) = KerasConfiguration.settings(layer)
        let trainable: Settings = frozen.contains(layer.name) ? [KerasConfiguration.flag("trainable", false)] : []
        let inputs = layer.inputs.map { input in
            JSONValue.array([.string(names[input]), .integer(0), .integer(0), .object([])])
        }
        return object([
            ("class_name", .string(className)),
            ("config", object([("name", .string(names[index]))] + trainable + settings)),
            ("name", .string(names[index])),
            ("inbound_nodes", .array(inputs.isEmpty ? [] : [.array(inputs)])),
        ])
    }

    private typealias Settings = [(String, JSONValue)]

    private static func settings(_ layer: Graph.Layer) -> (String, Settings) {
        switch layer.operation {
        case .input:
            let shape = [JSONValue.null] + layer.shape.map { .integer(Int64($0)) }
            return ("InputLayer", [("batch_input_shape", .array(shape)), ("dtype", .string("float32"))])
        case .convolution(let filters, let window, let hasBias):
            return ("Conv2D", [count("filters", filters)] + settings(window) + [flag("use_bias", hasBias)])
        case .depthwise(let multiplier, let window, let hasBias):
            let multiplier = count("depth_multiplier", multiplier)
            return ("DepthwiseConv2D", settings(window) + [multiplier, flag("use_bias", hasBias)])
        case .separable(let filters, let window, let hasBias):
            return (
                "SeparableConv2D", [count("filters", filters)] + settings(window) + [flag("use_bias", hasBias)]
            )
        case .dense(let units, let hasBias):
            return ("Dense", [count("units", units), flag("use_bias", hasBias)])
        case .norm(let norm):
            return ("BatchNormalization", settings(norm))
        case .activation(.relu6):
            return ("ReLU", [("max_value", .number(6))])
        case .activation(let activation):
            return ("Activation", [("activation", .string(activation.rawValue))])
        case .pool(let kind, let window):
            return (kind == .max ? "MaxPooling2D" : "AveragePooling2D", settings(window, size: "pool_size"))
        case .globalPool(let kind, let keepsDimensions):
            // Keras before 2.6 knows no `keepdims`.
            let kept: Settings = keepsDimensions ? [("keepdims", .bool(true))] : []
            return (kind == .max ? "GlobalMaxPooling2D" : "GlobalAveragePooling2D", kept)
        case .add:
            return ("Add", [])
        case .concatenate:
            return ("Concatenate", [("axis", .integer(-1))])
        case .zeroPadding(let edges):
            return (
                "ZeroPadding2D",
                [("padding", .array([list([edges.top, edges.bottom]), list([edges.left, edges.right])]))]
            )
        case .flatten:
            return ("Flatten", [])
        case .reshape(let shape):
            return ("Reshape", [("target_shape", list(shape))])
        case .dropout(let rate):
            return ("Dropout", [("rate", number(rate))])
        }
    }

    private static func settings(_ window: Window, size: String = "kernel_size") -> Settings {
        [
            (size, list([window.size.height, window.size.width])),
            ("strides", list([window.stride.height, window.stride.width])),
            ("padding", .string(window.padding.rawValue)),
        ]
    }

    private static func settings(_ norm: Norm) -> Settings {
        [
            ("axis", .integer(-1)), ("momentum", number(norm.momentum)), ("epsilon", number(norm.epsilon)),
            flag("center", norm.hasOffset), flag("scale", norm.hasScale),
        ]
    }

    private static func count(_ name: String, _ value: Int) -> (String, JSONValue) {
        (name, .integer(Int64(value)))
    }
    private static func flag(_ name: String, _ value: Bool) -> (String, JSONValue) { (name, .bool(value)) }
    private static func list(_ values: [Int]) -> JSONValue { .array(values.map { .integer(Int64($0)) }) }
    /// 0.99, not 0.9900000095.
    private static func number(_ value: Float) -> JSONValue { .number(Double("\(value)") ?? Double(value)) }
}

private func object(_ members: [(String, JSONValue)]) -> JSONValue {
    .object(members.map { JSONMember($0.0, $0.1) })
}
