import COpenVINO
import Foundation
public import LightboxCore

/// Where a model comes from.
public enum ModelSource: Sendable {
    /// An ONNX file, an OpenVINO `.xml` with its `.bin` beside it, a SavedModel folder, a frozen `.pb` or a
    /// `.tflite` file.
    case file(String)
    /// The bytes of an ONNX file, and what to call it in errors.
    case onnx(Bytes, name: String)

    public var name: String {
        switch self {
        case .file(let path): path
        case .onnx(_, let name): name
        }
    }
}

/// A model that has been read and not yet compiled. One non-copyable owner frees it.
struct ModelFile: ~Copyable {
    let handle: OpaquePointer
    let name: String

    init(_ source: ModelSource) throws(InferenceError) {
        handle = try Self.read(source)
        name = source.name
    }

    deinit { freeModel(handle) }

    private static func read(_ source: ModelSource) throws(InferenceError) -> OpaquePointer {
        try OpenVINOLibrary.open()
        var read: OpaquePointer?
        switch source {
        case .file(let path):
            guard FileManager.default.fileExists(atPath: path) else {
                throw InferenceError(code: .modelNotFound, model: path, remedy: "There is no such file or folder.")
            }
            try check(model: path, as: .modelRefused) { copenvino_read(path, nil, 0, &read, $0) }
        case .onnx(let bytes, let name):
            try check(model: name, as: .modelRefused) { message in
                bytes.withUnsafeBytes { copenvino_read(nil, $0.baseAddress, $0.count, &read, message) }
            }
        }
        guard let read else {
            throw InferenceError(code: .modelRefused, model: source.name, remedy: "The file holds no model.")
        }
        return read
    }

    func inputs() throws(InferenceError) -> [Port] { try ports(isOutput: 0) }
    func outputs() throws(InferenceError) -> [Port] { try ports(isOutput: 1) }

    private func ports(isOutput: Int32) throws(InferenceError) -> [Port] {
        var result: [Port] = []
        for index in 0..<copenvino_port_count(handle, isOutput) {
            var port = copenvino_port()
            try check(model: name, as: .modelRefused) {
                copenvino_get_port(handle, isOutput, index, &port, $0)
            }
            result.append(Port(port))
        }
        return result
    }

    /// Fixes all inputs to `shapes`, in the order of the inputs.
    func reshape(_ shapes: [[Int]]) throws(InferenceError) {
        let ranks = shapes.map { Int32($0.count) }
        let lengths = shapes.flatMap { $0.map(Int64.init) }
        try check(model: name, as: .inputMismatch) {
            copenvino_reshape(handle, shapes.count, ranks, lengths, $0)
        }
    }
}

private func freeModel(_ handle: OpaquePointer) {
    LibraryGate.shared.passUnlessClosed { copenvino_model_free(handle) }
}

extension Port {
    init(_ port: copenvino_port) {
        let lengths = withUnsafeBytes(of: port.lengths) { Array($0.bindMemory(to: Int64.self)) }
        let name = withUnsafeBytes(of: port.name) { Array($0.bindMemory(to: CChar.self)) }
        self.init(
            name: string(name), elementType: ElementType(port.type),
            shape: port.rank < 0 ? nil : lengths.prefix(Int(port.rank)).map { $0 < 0 ? nil : Int($0) })
    }
}

extension ElementType {
    private static let codes: [(ElementType, copenvino_type)] = [
        (.float32, COPENVINO_F32), (.uint8, COPENVINO_U8), (.int32, COPENVINO_I32), (.int64, COPENVINO_I64),
        (.float16, COPENVINO_F16), (.float64, COPENVINO_F64), (.bool, COPENVINO_BOOL),
    ]

    init(_ code: Int32) {
        self = Self.codes.first { Int32($0.1.rawValue) == code }?.0 ?? .other
    }

    var code: Int32 {
        Int32(Self.codes.first { $0.0 == self }?.1.rawValue ?? COPENVINO_OTHER.rawValue)
    }
}
