import Foundation
import LightboxCore

extension Safetensors {
    /// Writes a file that appears whole or not at all; the same arrays give the same bytes, in any order.
    ///
    /// Arrays stand sorted by element type, widest first, then by name, as the Python package puts them, and
    /// begin at a multiple of their element's size.
    ///
    /// - Precondition: no name stands twice, none is `__metadata__`.
    public static func write(_ tensors: [SafetensorsTensor], metadata: [String: String] = [:], to path: String)
        throws
    {
        let file = try PendingFile(path: path)
        let sorted = sorted(tensors)
        try header(sorted, metadata).withUnsafeBytes { try file.write($0) }
        for tensor in sorted { try tensor.bytes.withUnsafeBytes { try file.write($0) } }
        try file.commit()
    }

    /// The bytes of such a file.
    public static func encode(_ tensors: [SafetensorsTensor], metadata: [String: String] = [:]) -> [UInt8] {
        let sorted = sorted(tensors)
        var bytes = header(sorted, metadata)
        for tensor in sorted { tensor.bytes.withUnsafeBytes { bytes.append(contentsOf: $0) } }
        return bytes
    }

    private static func sorted(_ tensors: [SafetensorsTensor]) -> [SafetensorsTensor] {
        let names = Set(tensors.map(\.name))
        precondition(names.count == tensors.count && !names.contains("__metadata__"), "names are unique")
        // By UTF-8 bytes, as everybody else sorts; Swift's own order follows Unicode.
        return tensors.sorted { left, right in
            if left.type.rank != right.type.rank { return left.type.rank > right.type.rank }
            return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        }
    }

    private static func header(_ tensors: [SafetensorsTensor], _ metadata: [String: String]) -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let notes = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            members.append(
                "\"__metadata__\":{" + notes.map { quoted($0.key) + ":" + quoted($0.value) }.joined(separator: ",")
                    + "}")
        }
        var end = 0
        for tensor in tensors {
            let start = end
            end += tensor.bytes.count
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(start),\(end)]}"
            )
        }
        var text = Array("{\(members.joined(separator: ","))}".utf8)
        // Spaces bring the first array to a multiple of eight.
        text += Array(repeating: UInt8(ascii: " "), count: (8 - text.count % 8) % 8)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text
    }

    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONWriter.append(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension SafetensorsTensor.ElementType {
    /// The package's own order of types.
    fileprivate var rank: Int {
        switch self {
        case .bool: 0
        case .u8: 1
        case .f16: 2
        case .bf16: 3
        case .i32: 4
        case .f32: 5
        case .f64: 6
        case .i64: 7
        }
    }
}
