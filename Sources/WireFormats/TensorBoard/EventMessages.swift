/// The parts of a summary value beside its tag: who shows it, and what it holds.

/// A `TensorProto` of texts, or the empty one that carries nothing but its metadata.
struct EventTensor {
    static let null = EventTensor([], rank: 1, type: 1)

    private let texts: [[UInt8]]
    private let rank: Int
    private let type: UInt64

    /// - Parameter rank: 0 for a single text, 1 for a list.
    init(_ texts: [[UInt8]], rank: Int) { self.init(texts, rank: rank, type: 7) }  // DT_STRING

    private init(_ texts: [[UInt8]], rank: Int, type: UInt64) {
        self.texts = texts
        self.rank = rank
        self.type = type
    }

    func append(to tensor: inout ProtobufWriter) {
        tensor.field(1, varint: type)
        tensor.message(2) { shape in
            guard rank == 1 else { return }
            shape.message(2) { side in if !texts.isEmpty { side.field(1, varint: UInt64(texts.count)) } }
        }
        for text in texts { text.withUnsafeBytes { tensor.field(8, bytes: $0) } }
    }
}

/// Which of TensorBoard's plug-ins shows a value (`SummaryMetadata`).
enum EventPlugin {
    case images, text
    case hyperparameters([UInt8])

    func append(to metadata: inout ProtobufWriter, description: String) {
        metadata.message(1) { plugin in
            switch self {
            case .images: plugin.field(1, text: "images")
            case .text: plugin.field(1, text: "text")
            case .hyperparameters(let content):
                plugin.field(1, text: "hparams")
                content.withUnsafeBytes { plugin.field(2, bytes: $0) }
            }
        }
        if !description.isEmpty { metadata.field(3, text: description) }
        metadata.field(4, varint: dataClass)
    }

    /// `DataClass`: which store of TensorBoard's keeps the value.
    private var dataClass: UInt64 {
        switch self {
        case .images: 3
        case .text, .hyperparameters: 2
        }
    }
}

extension ProtobufWriter {
    /// A nested message, small enough that building it apart costs nothing that counts.
    mutating func message(_ number: Int, _ body: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        body(&inner)
        inner.bytes.withUnsafeBytes { field(number, bytes: $0) }
    }
}
