import Foundation
import LightboxCore
import WireFormats

extension Instances {
    /// How a prediction of a single output is written.
    public enum Style: Sendable, Hashable {
        /// Always an object of output name to value: Google's `ml` v1.
        case named
        /// The bare value, where there is one output: TensorFlow Serving.
        case bareWhereSingle
    }

    /// Writes the answer to a request: `{"predictions": […]}` for rows, `{"outputs": …}` for columns.
    ///
    /// Numbers that JSON has not, infinities and not-a-number, become `null`. Bytes of an output whose name ends in
    /// `_bytes` become `{"b64": "…"}`, those of any other are written as text.
    ///
    /// - Parameter documents: further outputs by name, for each instance a value as JSON.
    /// - Throws: ``ServingError`` for an output that has not one value for each instance.
    public static func response(
        _ outputs: [String: ServedTensor], to request: PredictRequest, style: Style = .named,
        documents: [String: [[UInt8]]] = [:]
    ) throws -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(64 + outputs.values.reduce(0) { $0 + 14 * $1.elements.count })
        let isBare = style == .bareWhereSingle && outputs.count == 1 && documents.isEmpty
        let writer = ResponseWriter(outputs, documents, isBare: isBare)
        switch request.form {
        case .rows:
            try writer.check(rows: request.count)
            text += Array("{\"predictions\": [".utf8)
            for row in 0..<request.count {
                if row > 0 { text += Array(", ".utf8) }
                writer.append(row: row, of: request.count, to: &text)
            }
            text += Array("]}".utf8)
        case .columns:
            text += Array("{\"outputs\": ".utf8)
            writer.appendWhole(to: &text)
            text += Array("}".utf8)
        }
        return text
    }

    /// The prediction of one instance by itself, as a line of batch prediction's results has it.
    public static func prediction(_ outputs: [String: ServedTensor], row: Int, of count: Int) throws -> [UInt8] {
        var text: [UInt8] = []
        let writer = ResponseWriter(outputs, [:], isBare: false)
        try writer.check(rows: count)
        writer.append(row: row, of: count, to: &text)
        return text
    }
}

/// Writes outputs, sorted by name.
private struct ResponseWriter {
    let outputs: [(name: String, tensor: ServedTensor)]
    /// They follow the outputs.
    let documents: [(name: String, values: [[UInt8]])]
    let isBare: Bool

    init(_ outputs: [String: ServedTensor], _ documents: [String: [[UInt8]]], isBare: Bool) {
        self.outputs = outputs.sorted { $0.key < $1.key }.map { (name: $0.key, tensor: $0.value) }
        self.documents = documents.sorted { $0.key < $1.key }.map { (name: $0.key, values: $0.value) }
        self.isBare = isBare
    }

    func check(rows: Int) throws {
        for (name, tensor) in outputs where (tensor.rows ?? 1) != rows {
            throw ServingError(
                .failed, field: name, "the output has \(tensor.rows ?? 1) values for \(rows) instances",
                remedy: "Ask with \"inputs\" in place of \"instances\".")
        }
    }

    func append(row: Int, of rows: Int, to text: inout [UInt8]) {
        appendAll(row: row, to: &text) { tensor, name, text in
            let size = tensor.elements.count / max(rows, 1)
            append(
                tensor.elements, row * size, Array(tensor.shape.dropFirst())[...],
                isBinary: name.hasSuffix("_bytes"),
                to: &text)
        }
    }

    func appendWhole(to text: inout [UInt8]) {
        appendAll(row: nil, to: &text) { tensor, name, text in
            append(tensor.elements, 0, tensor.shape[...], isBinary: name.hasSuffix("_bytes"), to: &text)
        }
    }

    /// - Parameter row: nil for all of them.
    private func appendAll(
        row: Int?, to text: inout [UInt8], _ body: (ServedTensor, _ name: String, inout [UInt8]) -> Void
    ) {
        if isBare { return body(outputs[0].tensor, outputs[0].name, &text) }
        text.append(UInt8(ascii: "{"))
        for (index, (name, tensor)) in outputs.enumerated() {
            if index > 0 { text += [UInt8(ascii: ","), UInt8(ascii: " ")] }
            JSONWriter.append(name, to: &text)
            text += [UInt8(ascii: ":"), UInt8(ascii: " ")]
            body(tensor, name, &text)
        }
        for (index, (name, values)) in documents.enumerated() {
            if index + outputs.count > 0 { text += [UInt8(ascii: ","), UInt8(ascii: " ")] }
            JSONWriter.append(name, to: &text)
            text += [UInt8(ascii: ":"), UInt8(ascii: " ")]
            if let row {
                text += values[row]
            } else {
                text += Array("[".utf8) + values.joined(separator: ", ".utf8) + Array("]".utf8)
            }
        }
        text.append(UInt8(ascii: "}"))
    }

    /// The values of `shape` from `start` on, as lists inside one another.
    private func append(
        _ elements: ServedTensor.Elements, _ start: Int, _ shape: ArraySlice<Int>, isBinary: Bool,
        to text: inout [UInt8]
    ) {
        guard let length = shape.first else {
            return append(elements, at: start, isBinary: isBinary, to: &text)
        }
        let inner = shape.dropFirst()
        let step = inner.reduce(1, *)
        text.append(UInt8(ascii: "["))
        for index in 0..<length {
            if index > 0 { text += [UInt8(ascii: ","), UInt8(ascii: " ")] }
            append(elements, start + index * step, inner, isBinary: isBinary, to: &text)
        }
        text.append(UInt8(ascii: "]"))
    }

    private func append(
        _ elements: ServedTensor.Elements, at index: Int, isBinary: Bool, to text: inout [UInt8]
    ) {
        switch elements {
        case .float32(let values): append(values[index].isFinite ? values[index].description : "null", to: &text)
        case .float64(let values): append(values[index].isFinite ? values[index].description : "null", to: &text)
        case .int32(let values): append(values[index].description, to: &text)
        case .int64(let values): append(values[index].description, to: &text)
        case .uint8(let values): append(values[index].description, to: &text)
        case .bool(let values): append(values[index] ? "true" : "false", to: &text)
        case .strings(let values) where isBinary:
            append("{\"b64\": \"", to: &text)
            append(values[index].withUnsafeBytes { Data($0).base64EncodedString() }, to: &text)
            append("\"}", to: &text)
        case .strings(let values):
            JSONWriter.append(values[index].withUnsafeBytes { String(decoding: $0, as: UTF8.self) }, to: &text)
        }
    }

    private func append(_ ascii: String, to text: inout [UInt8]) {
        var ascii = ascii
        ascii.withUTF8 { text.append(contentsOf: $0) }
    }
}
