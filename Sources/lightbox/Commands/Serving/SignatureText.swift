package import Serving

/// A model's signatures as TensorFlow's `saved_model_cli show --all` prints them.
package struct SignatureText {
    package struct Port: Encodable {
        package let name: String
        package let dtype: String
        /// -1 for any length.
        package let shape: [Int]
    }

    package struct Signature: Encodable {
        package let name: String
        package let method: String
        package let inputs: [Port]
        package let outputs: [Port]
    }

    package let signatures: [Signature]

    package init(_ signatures: [ServedSignature]) {
        func port(_ port: ServedPort) -> Port {
            Port(name: port.name, dtype: port.type.tensorFlowName, shape: port.shape.map { $0 ?? -1 })
        }
        self.signatures = signatures.map { signature in
            Signature(
                name: signature.name, method: signature.methodName, inputs: signature.inputs.map(port),
                outputs: signature.outputs.map(port))
        }
    }

    package var text: String {
        var lines = ["MetaGraphDef with tag-set: 'serve' contains the following SignatureDefs:"]
        for signature in signatures {
            lines += ["", "signature_def['\(signature.name)']:"]
            lines.append("  The given SavedModel SignatureDef contains the following input(s):")
            lines += signature.inputs.flatMap { self.lines($0, "inputs") }
            lines.append("  The given SavedModel SignatureDef contains the following output(s):")
            lines += signature.outputs.flatMap { self.lines($0, "outputs") }
            lines.append("  Method name is: \(signature.method)")
        }
        return lines.joined(separator: "\n")
    }

    private func lines(_ port: Port, _ list: String) -> [String] {
        let shape = port.shape.isEmpty ? "()" : "(\(port.shape.map(String.init).joined(separator: ", ")))"
        return [
            "    \(list)['\(Terminal.printable(port.name))'] tensor_info:", "        dtype: \(port.dtype)",
            "        shape: \(shape)",
        ]
    }
}
