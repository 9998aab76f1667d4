import Foundation

/// OpenVINO's intermediate representation while it is being written: layers as XML, constants as bytes.
struct IRDocument {
    /// One output of a layer.
    struct Value {
        let layer: Int
        let port: Int
        /// -1 where the length is open.
        let shape: [Int]
    }

    private(set) var constants = Data()
    private var layers = ""
    private var edges = ""
    private var count = 0

    /// Adds a layer with one output, or with none for a result.
    ///
    /// - Parameters:
    ///   - attributes: of its `data` element, in order.
    ///   - output: nil for none.
    ///   - tensor: the name under which the output is asked for, where it has one.
    mutating func add(
        _ type: String, version: Int = 1, name: String, attributes: [(String, String)] = [], inputs: [Value] = [],
        output: [Int]?, element: String = "FP32", tensor: String? = nil
    ) -> Value {
        let layer = count
        count += 1
        layers +=
            "\t\t<layer id=\"\(layer)\" name=\"\(escaped(name))\" type=\"\(type)\" version=\"opset\(version)\">\n"
        if !attributes.isEmpty {
            layers += "\t\t\t<data"
            for (key, value) in attributes { layers += " \(key)=\"\(escaped(value))\"" }
            layers += "/>\n"
        }
        if !inputs.isEmpty {
            layers += "\t\t\t<input>\n"
            for (port, input) in inputs.enumerated() {
                appendPort("id=\"\(port)\"", input.shape)
                edges += "\t\t<edge from-layer=\"\(input.layer)\" from-port=\"\(input.port)\""
                edges += " to-layer=\"\(layer)\" to-port=\"\(port)\"/>\n"
            }
            layers += "\t\t\t</input>\n"
        }
        let value = Value(layer: layer, port: inputs.count, shape: output ?? [])
        if let output {
            layers += "\t\t\t<output>\n"
            let names = tensor.map { " names=\"\(escaped($0))\"" } ?? ""
            appendPort("id=\"\(value.port)\" precision=\"\(element)\"\(names)", output)
            layers += "\t\t\t</output>\n"
        }
        layers += "\t\t</layer>\n"
        return value
    }

    private mutating func appendPort(_ attributes: String, _ shape: [Int]) {
        if shape.isEmpty {
            layers += "\t\t\t\t<port \(attributes)/>\n"
        } else {
            let lengths = shape.map { "<dim>\($0)</dim>" }.joined()
            layers += "\t\t\t\t<port \(attributes)>\(lengths)</port>\n"
        }
    }

    mutating func constant(_ name: String, _ floats: [Float], shape: [Int]) -> Value {
        constant(name, floats.withUnsafeBytes { Data($0) }, shape: shape, type: ("f32", "FP32"))
    }

    mutating func constant(_ name: String, _ integers: [Int], shape: [Int]? = nil) -> Value {
        let bytes = integers.map { Int64($0) }.withUnsafeBytes { Data($0) }
        return constant(name, bytes, shape: shape ?? [integers.count], type: ("i64", "I64"))
    }

    private mutating func constant(
        _ name: String, _ bytes: Data, shape: [Int], type: (element: String, port: String)
    ) -> Value {
        // Arrays begin where a vector register can be loaded from the mapped file.
        constants.append(Data(count: (64 - constants.count % 64) % 64))
        let attributes = [
            ("element_type", type.element), ("shape", list(shape)), ("offset", String(constants.count)),
            ("size", String(bytes.count)),
        ]
        constants.append(bytes)
        return add("Const", name: name, attributes: attributes, output: shape, element: type.port)
    }

    /// The `.xml` file's bytes.
    func xml(name: String, notes: [String: String]) -> Data {
        var text = "<?xml version=\"1.0\"?>\n<net name=\"\(escaped(name))\" version=\"11\">\n"
        text += "\t<layers>\n\(layers)\t</layers>\n\t<edges>\n\(edges)\t</edges>\n"
        text += "\t<rt_info>\n\t\t<lightbox>\n"
        for (key, value) in notes.sorted(by: { $0.key < $1.key }) {
            text += "\t\t\t<\(key) value=\"\(escaped(value))\"/>\n"
        }
        text += "\t\t</lightbox>\n\t</rt_info>\n</net>\n"
        return Data(text.utf8)
    }
}

/// `64, 3, 7, 7`.
func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ", ") }

private func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "\n", "\t", "\r": result += "&#\(scalar.value);"
        case _ where scalar.value < 0x20: result += " "
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
