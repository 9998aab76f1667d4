import COpenVINO

/// Owns what OpenVINO compiled.
final class CompiledHandle: @unchecked Sendable {
    // Unchecked: OpenVINO allows any thread to make requests of a compiled model; the pointer never changes.
    fileprivate let pointer: OpaquePointer

    init(_ file: borrowing ModelFile, options: CompiledModel.Options) throws(InferenceError) {
        let texts = options.properties.flatMap { [$0.0, $0.1] }
        var compiled: OpaquePointer?
        let handle = file.handle
        try check(model: file.name, as: .modelRefused) { message in
            withCStrings(texts) { copenvino_compile(handle, $0, texts.count / 2, &compiled, message) }
        }
        pointer = compiled!
    }

    deinit { LibraryGate.shared.passUnlessClosed { copenvino_compiled_free(pointer) } }

    /// nil when the library does not know the property.
    func property(_ key: String) -> String? {
        var text = [CChar](repeating: 0, count: 256)
        try? check(model: key, as: .runFailed) { copenvino_get_property(pointer, key, &text, text.count, $0) }
        let value = string(text)
        return value.isEmpty ? nil : value
    }
}

/// One set of inputs and outputs in flight. Belongs to one worker thread.
final class InferRequest: @unchecked Sendable {
    // Unchecked: made on one thread and handed to the single worker that uses it from then on.
    private let pointer: OpaquePointer
    private let compiled: CompiledHandle
    private let model: String
    private let outputCount: Int

    init(_ compiled: CompiledHandle, model: String, outputCount: Int) throws(InferenceError) {
        var request: OpaquePointer?
        try check(model: model, as: .runFailed) { copenvino_request_create(compiled.pointer, &request, $0) }
        pointer = request!
        self.compiled = compiled
        self.model = model
        self.outputCount = outputCount
    }

    deinit { LibraryGate.shared.passUnlessClosed { copenvino_request_free(pointer) } }

    func run(_ values: [Tensor]) throws -> [Tensor] {
        try lend(values[...], at: 0) {
            try check(model: model, as: .runFailed) { copenvino_request_run(pointer, $0) }
            return try (0..<outputCount).map(output)
        }
    }

    /// Lends the memory of each value in turn, so that all of it stays in place while `body` runs.
    private func lend(_ values: ArraySlice<Tensor>, at index: Int, _ body: () throws -> [Tensor]) throws
        -> [Tensor]
    {
        guard let value = values.first else { return try body() }
        return try value.elements.withUnsafeBytes { bytes in
            try check(model: model, as: .inputMismatch) {
                copenvino_request_set_input(
                    pointer, index, value.elementType.code, Int32(value.shape.count), value.shape.map(Int64.init),
                    UnsafeMutableRawPointer(mutating: bytes.baseAddress), $0)
            }
            return try lend(values.dropFirst(), at: index + 1, body)
        }
    }

    private func output(_ index: Int) throws -> Tensor {
        var port = copenvino_port()
        var data: UnsafeRawPointer?
        var byteCount = 0
        try check(model: model, as: .runFailed) {
            copenvino_request_output(pointer, index, &port, &data, &byteCount, $0)
        }
        let described = Port(port)
        let shape = (described.shape ?? []).compactMap { $0 }
        let bytes = UnsafeRawBufferPointer(start: data, count: byteCount)
        guard let elements = Tensor.Elements(bytes, of: described.elementType) else {
            throw InferenceError(
                code: .unsupportedType, model: model,
                remedy: "Output \(index) holds numbers of an unsupported type. Export it with float32.")
        }
        return Tensor(shape: shape, elements: elements)
    }
}

extension Tensor.Elements {
    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        switch self {
        case .float32(let values): try values.withUnsafeBytes(body)
        case .uint8(let values): try values.withUnsafeBytes(body)
        case .int32(let values): try values.withUnsafeBytes(body)
        case .int64(let values): try values.withUnsafeBytes(body)
        }
    }

    /// Copies numbers out of the library's memory; nil for a type that tensors do not hold.
    fileprivate init?(_ bytes: UnsafeRawBufferPointer, of type: ElementType) {
        switch type {
        case .float32: self = .float32(Array(bytes.bindMemory(to: Float.self)))
        case .uint8, .bool: self = .uint8(Array(bytes))
        case .int32: self = .int32(Array(bytes.bindMemory(to: Int32.self)))
        case .int64: self = .int64(Array(bytes.bindMemory(to: Int64.self)))
        case .float64: self = .float32(bytes.bindMemory(to: Double.self).map(Float.init))
        case .float16, .other: return nil
        }
    }
}

/// Lends texts to C as an array of NUL-terminated strings.
private func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) throws -> Result
) rethrows -> Result {
    let copies = texts.map { text in
        let bytes = text.utf8CString
        let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
        _ = copy.initialize(from: bytes)
        return copy
    }
    defer { for copy in copies { copy.deallocate() } }
    return try copies.map { UnsafePointer($0.baseAddress) }.withUnsafeBufferPointer { try body($0.baseAddress!) }
}
