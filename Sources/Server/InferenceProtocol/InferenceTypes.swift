import Foundation
import LightboxCore
import Serving
import WireFormats

extension ServedTensor {
    /// The values of the Open Inference Protocol's binary form: row-major, little-endian; strings each with its
    /// length before it.
    ///
    /// - Throws: ``ServingError`` when there are more or fewer bytes than the shape asks for.
    init(type: ServedType, shape: [Int], binary: Bytes, name: String) throws {
        let count = try Self.count(shape, name)
        func fail() -> ServingError {
            ServingError(
                .wrongShape, field: name, "it has \(binary.count) bytes for \(count) elements",
                remedy: "Send the elements of the shape, little-endian.")
        }
        func numbers<Number>(_ zero: Number) throws -> [Number] {
            guard binary.count == count * MemoryLayout<Number>.size else { throw fail() }
            var values = [Number](repeating: zero, count: count)
            values.withUnsafeMutableBytes { target in binary.withUnsafeBytes { target.copyMemory(from: $0) } }
            return values
        }
        let elements: Elements
        switch type {
        case .float32: elements = .float32(try numbers(0))
        case .float64: elements = .float64(try numbers(0))
        case .int32: elements = .int32(try numbers(0))
        case .int64: elements = .int64(try numbers(0))
        case .uint8: elements = .uint8(try numbers(0))
        case .bool: elements = .bool(try numbers(UInt8(0)).map { $0 != 0 })
        case .string:
            var strings: [Bytes] = []
            var place = 0
            while place < binary.count {
                guard strings.count < count, place + 4 <= binary.count else { throw fail() }
                let length = binary.withUnsafeBytes {
                    Int($0.loadUnaligned(fromByteOffset: place, as: UInt32.self).littleEndian)
                }
                place += 4
                guard length <= binary.count - place else { throw fail() }
                strings.append(binary[place..<(place + length)])
                place += length
            }
            guard strings.count == count else { throw fail() }
            elements = .strings(strings)
        }
        self.init(shape: shape, elements: elements)
    }

    /// Elements of a shape.
    static func count(_ shape: [Int], _ name: String) throws -> Int {
        var count = 1
        for length in shape {
            let (product, isOver) = count.multipliedReportingOverflow(by: length)
            guard length >= 0, !isOver, product <= 1 << 28 else {
                throw ServingError(
                    .wrongShape, field: name, "its shape has negative or huge lengths",
                    remedy: "Send less at once.")
            }
            count = product
        }
        return count
    }

    /// The binary form.
    var binary: [UInt8] {
        func bytes<Number>(_ values: [Number]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
        switch elements {
        case .float32(let values): return bytes(values)
        case .float64(let values): return bytes(values)
        case .int32(let values): return bytes(values)
        case .int64(let values): return bytes(values)
        case .uint8(let values): return values
        case .bool(let values): return values.map { $0 ? 1 : 0 }
        case .strings(let values):
            var output: [UInt8] = []
            for value in values {
                withUnsafeBytes(of: UInt32(value.count).littleEndian) { output += $0 }
                value.withUnsafeBytes { output += $0 }
            }
            return output
        }
    }

    /// The elements as a flat list of JSON.
    ///
    /// Numbers that JSON has not become null; bytes that are no text become base 64.
    func appendJSON(to text: inout [UInt8]) {
        func list<Value>(_ values: [Value], _ write: (Value, inout [UInt8]) -> Void) {
            text.append(UInt8(ascii: "["))
            for index in values.indices {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                write(values[index], &text)
            }
            text.append(UInt8(ascii: "]"))
        }
        switch elements {
        case .float32(let values): list(values) { $1 += ($0.isFinite ? $0.description : "null").utf8 }
        case .float64(let values): list(values) { $1 += ($0.isFinite ? $0.description : "null").utf8 }
        case .int32(let values): list(values) { $1 += $0.description.utf8 }
        case .int64(let values): list(values) { $1 += $0.description.utf8 }
        case .uint8(let values): list(values) { $1 += $0.description.utf8 }
        case .bool(let values): list(values) { $1 += ($0 ? "true" : "false").utf8 }
        case .strings(let values):
            list(values) { value, text in
                let whole = value.withUnsafeBytes { String(validating: $0, as: UTF8.self) }
                let packed = value.withUnsafeBytes { Data($0).base64EncodedString() }
                JSONWriter.append(whole ?? packed, to: &text)
            }
        }
    }
}
