import Foundation
import LightboxCore
import WireFormats

/// Holds an ONNX file against what a model may do, before any library reads it: data in other files only from its own
/// folder, and no tensors of impossible sizes.
enum ONNXCheck {
    /// Numbers of one tensor at most.
    private static let maximumNumbers = 1 << 32

    static func check(_ path: String) throws {
        let bytes = Bytes(try MappedFile(path: path))
        do {
            try bytes.withUnsafeBytes { bytes in
                var walk = Walk(bytes: bytes, path: path)
                try walk.visit(.model, 0..<bytes.count, depth: 0)
            }
        } catch let error as RecordError {
            throw ServingError(
                .modelRefused, model: path, "this is no ONNX file",
                remedy: "Fetch or write it again. \(error.remedy)")
        }
    }

    /// Messages of onnx.proto that hold tensors, by the numbers of their fields.
    private enum Message {
        case model, graph, node, attribute, tensor, sparseTensor, function, training, other

        func child(_ field: Int) -> Message {
            switch (self, field) {
            case (.model, 7), (.attribute, 6), (.attribute, 11), (.training, 1), (.training, 2): .graph
            case (.model, 20): .training
            case (.model, 25): .function
            case (.graph, 1), (.function, 7): .node
            case (.graph, 5), (.attribute, 5), (.attribute, 10), (.sparseTensor, 1), (.sparseTensor, 2): .tensor
            case (.graph, 15), (.attribute, 22), (.attribute, 23): .sparseTensor
            case (.node, 5), (.function, 11): .attribute
            default: .other
            }
        }
    }

    private struct Walk {
        let bytes: UnsafeRawBufferPointer
        let path: String

        mutating func visit(_ message: Message, _ range: Range<Int>, depth: Int) throws {
            guard depth < 64 else { throw refused("it is nested too deep") }
            var reader = ProtobufReader(bytes, range: range)
            var numbers = 1
            while let field = try reader.next() {
                if message == .tensor { try checkTensor(field, reader, &numbers) }
                guard let inner = field.range else { continue }
                let child = message.child(field.number)
                if child != .other { try visit(child, inner, depth: depth + 1) }
            }
        }

        private func checkTensor(_ field: ProtobufField, _ reader: ProtobufReader, _ numbers: inout Int) throws {
            switch (field.number, field.value) {
            case (1, .varint(let length)): try multiply(&numbers, by: length)
            case (1, .bytes(let range)):
                var lengths = ProtobufReader(bytes, range: range)
                while !lengths.isAtEnd { try multiply(&numbers, by: try lengths.varint()) }
            case (13, .bytes(let range)): try checkExternal(range)
            default: break
            }
        }

        private func multiply(_ numbers: inout Int, by length: UInt64) throws {
            let (product, isOver) = numbers.multipliedReportingOverflow(by: Int(truncatingIfNeeded: length))
            guard !isOver, product >= 0, product <= ONNXCheck.maximumNumbers else {
                throw refused("a tensor has over \(ONNXCheck.maximumNumbers) numbers")
            }
            numbers = product
        }

        /// A name and a value of where a tensor's data are; `location` is a path from the model's folder.
        private func checkExternal(_ range: Range<Int>) throws {
            var reader = ProtobufReader(bytes, range: range)
            var (key, value) = ("", "")
            while let field = try reader.next() {
                guard let range = field.range else { continue }
                if field.number == 1 { key = try reader.text(range) }
                if field.number == 2 { value = try reader.text(range) }
            }
            guard key == "location" else { return }
            let parts = value.split(separator: "/", omittingEmptySubsequences: false)
            guard !value.isEmpty, !value.contains("\\"), !value.utf8.contains(0),
                parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." })
            else { throw refused("its data lie outside of its folder") }
            var place = (path as NSString).deletingLastPathComponent
            for part in parts {
                place = place.isEmpty ? String(part) : place + "/" + part
                var status = stat()
                guard lstat(place, &status) == 0 else { throw refused("a file with its data is missing") }
                guard status.st_mode & S_IFMT != S_IFLNK else {
                    throw refused("a link stands in place of its data")
                }
            }
        }

        private func refused(_ problem: String) -> ServingError {
            ServingError(
                .modelRefused, model: path, problem,
                remedy: "Do not use this file; export the model again with its data in one file.")
        }
    }
}
