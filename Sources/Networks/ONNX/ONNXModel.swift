import LightboxCore
package import WireFormats

/// An ONNX model in memory: what a network is lowered to, and the file that users take away.
public struct ONNXModel: Sendable {
    package var proto: ONNXModelProto

    package init(proto: ONNXModelProto) { self.proto = proto }

    /// Reads the bytes of an `.onnx` file.
    ///
    /// - Throws: ``NetworkError`` when they are none.
    public init(bytes: UnsafeRawBufferPointer) throws {
        do {
            proto = try ONNXModelProto(bytes: bytes)
        } catch {
            throw NetworkError(
                kind: .corrupt, network: "onnx", problem: "the bytes are not an ONNX model",
                remedy: "Check that the file is whole.")
        }
    }

    /// The bytes of an `.onnx` file.
    public func serialized() throws -> [UInt8] { try proto.bytes() }

    /// For people who look into the file.
    public var documentation: String {
        get { proto.docString }
        set { proto.docString = newValue }
    }

    /// Names and values that travel in the file: provenance, labels.
    public var metadata: [String: String] {
        get { Dictionary(proto.metadataProps.map { ($0.key, $0.value) }) { first, _ in first } }
        set {
            proto.metadataProps = newValue.sorted { $0.key < $1.key }.map { key, value in
                var entry = ONNXStringStringEntryProto()
                entry.key = key
                entry.value = value
                return entry
            }
        }
    }
}

/// How a graph is written as ONNX.
public struct ONNXOptions: Sendable, Hashable {
    /// Merge each batch norm into the convolution or dense layer in front of it, where that is its only reader.
    public var foldsNorms = true
    public var inputName = "image"
    public var outputName = "features"

    public init(foldsNorms: Bool = true, inputName: String = "image", outputName: String = "features") {
        self.foldsNorms = foldsNorms
        self.inputName = inputName
        self.outputName = outputName
    }
}
