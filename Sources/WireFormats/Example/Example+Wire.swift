public import LightboxCore

// The messages, as tensorflow/core/example/{example,feature}.proto number their fields:
//   Example   { Features features = 1; }
//   Features  { map<string, Feature> feature = 1; }        an entry is { key = 1; value = 2; }
//   Feature   { oneof { BytesList = 1; FloatList = 2; Int64List = 3; } }
//   BytesList { repeated bytes value = 1; }  FloatList, Int64List { repeated … value = 1 [packed]; }

extension Example {
    /// Reads a serialised `tf.Example`. Byte strings stay slices of `serialized`; nothing else is kept.
    ///
    /// Lists may be packed or not; of a name that comes twice the last one counts; a feature without any
    /// kind counts as missing, as in TensorFlow.
    /// - Throws: ``RecordError`` with the place in the bytes.
    public init(serialized: Bytes) throws {
        var features: [String: Feature] = [:]
        try serialized.withUnsafeBytes { buffer in
            var example = ProtobufReader(buffer)
            while let field = try example.next() {
                guard field.number == 1, let range = field.range else { continue }
                var entries = ProtobufReader(buffer, range: range)
                while let entry = try entries.next() {
                    guard entry.number == 1, let range = entry.range else { continue }
                    let (name, feature) = try Self.entry(ProtobufReader(buffer, range: range), of: serialized)
                    features[name] = feature
                }
            }
        }
        self.features = features
    }

    private static func entry(_ entry: ProtobufReader, of whole: Bytes) throws -> (String, Feature?) {
        var entry = entry
        var name = ""
        var feature: Feature?
        while let field = try entry.next() {
            guard let range = field.range else { continue }
            if field.number == 1 { name = try entry.text(range) }
            guard field.number == 2 else { continue }
            var kinds = ProtobufReader(entry.buffer, range: range)
            while let kind = try kinds.next() {
                guard (1...3).contains(kind.number), let range = kind.range else { continue }
                feature = try list(kind.number, ProtobufReader(entry.buffer, range: range), of: whole)
            }
        }
        return (name, feature)
    }

    private static func list(_ kind: Int, _ list: ProtobufReader, of whole: Bytes) throws -> Feature {
        switch kind {
        case 1: .bytes(try byteStrings(list, of: whole))
        case 2: .floats(try floats(list))
        default: .ints(try ints(list))
        }
    }

    private static func byteStrings(_ list: ProtobufReader, of whole: Bytes) throws -> [Bytes] {
        var list = list
        var values: [Bytes] = []
        while let field = try list.next() {
            guard field.number == 1 else { continue }
            guard let range = field.range else { throw list.malformed() }
            values.append(whole[range])
        }
        return values
    }

    private static func floats(_ list: ProtobufReader) throws -> [Float] {
        var list = list
        var values: [Float] = []
        while let field = try list.next() {
            guard field.number == 1 else { continue }
            switch field.value {
            case .fixed32(let bits): values.append(Float(bitPattern: bits))
            case .bytes(let range) where range.count % 4 == 0:
                let packed = UnsafeRawBufferPointer(rebasing: list.buffer[range])
                values.reserveCapacity(values.count + packed.count / 4)
                for offset in stride(from: 0, to: packed.count, by: 4) {
                    let bits = UInt32(littleEndian: packed.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
                    values.append(Float(bitPattern: bits))
                }
            default: throw list.malformed()
            }
        }
        return values
    }

    private static func ints(_ list: ProtobufReader) throws -> [Int64] {
        var list = list
        var values: [Int64] = []
        while let field = try list.next() {
            guard field.number == 1 else { continue }
            switch field.value {
            case .varint(let value): values.append(Int64(bitPattern: value))
            case .bytes(let range):
                var packed = ProtobufReader(list.buffer, range: range)
                while !packed.isAtEnd { values.append(Int64(bitPattern: try packed.varint())) }
            default: throw list.malformed()
            }
        }
        return values
    }

    /// The message's bytes, features sorted by name: equal examples give equal bytes, and the same ones as
    /// TensorFlow's `SerializeToString(deterministic=True)`.
    public func serialized() -> [UInt8] {
        let entries = features.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(FeatureEntry.init)
        let length = entries.reduce(0) { $0 + ProtobufWriter.size(ofField: $1.length) }
        var writer = ProtobufWriter(capacity: ProtobufWriter.size(ofField: length))
        writer.head(1, length: length)
        for entry in entries { entry.write(to: &writer) }
        return writer.bytes
    }
}

/// A feature under its name, with the sizes of the messages that nest around its list.
private struct FeatureEntry {
    let name: String
    let feature: Feature
    private let listLength: Int

    init(name: String, feature: Feature) {
        self.name = name
        self.feature = feature
        switch feature {
        case .bytes(let list): listLength = list.reduce(0) { $0 + ProtobufWriter.size(ofField: $1.count) }
        case .floats(let list): listLength = list.isEmpty ? 0 : ProtobufWriter.size(ofField: 4 * list.count)
        case .ints(let list): listLength = list.isEmpty ? 0 : ProtobufWriter.size(ofField: Self.packedSize(list))
        }
    }

    init(_ entry: (key: String, value: Feature)) { self.init(name: entry.key, feature: entry.value) }

    private var featureLength: Int { ProtobufWriter.size(ofField: listLength) }

    var length: Int {
        ProtobufWriter.size(ofField: name.utf8.count) + ProtobufWriter.size(ofField: featureLength)
    }

    private static func packedSize(_ list: [Int64]) -> Int {
        list.reduce(0) { $0 + ProtobufWriter.size(ofVarint: UInt64(bitPattern: $1)) }
    }

    func write(to writer: inout ProtobufWriter) {
        writer.head(1, length: length)
        writer.field(1, text: name)
        writer.head(2, length: featureLength)
        switch feature {
        case .bytes(let list):
            writer.head(1, length: listLength)
            for value in list { value.withUnsafeBytes { writer.field(1, bytes: $0) } }
        case .floats(let list):
            writer.head(2, length: listLength)
            guard !list.isEmpty else { return }
            writer.head(1, length: 4 * list.count)
            writer.raw(list)
        case .ints(let list):
            writer.head(3, length: listLength)
            guard !list.isEmpty else { return }
            writer.head(1, length: Self.packedSize(list))
            for value in list { writer.varint(UInt64(bitPattern: value)) }
        }
    }
}
