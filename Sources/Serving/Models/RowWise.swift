import Foundation
import LightboxCore

/// Computes instances one by one.
enum RowWise {
    /// Computes each row by itself, a few at a time, so that images are decoded while others are computed; joins the
    /// outputs in order.
    ///
    /// - Parameter field: named in errors, with the row.
    static func each(
        _ rows: Int, field: String?, _ body: @escaping @Sendable (Int) async throws -> [String: ServedTensor]
    ) async throws -> [String: ServedTensor] {
        if rows == 1 { return try await placed(0, field, body) }
        typealias Part = (row: Int, outputs: [String: ServedTensor])
        let parts = try await withThrowingTaskGroup(of: Part.self) { group in
            var parts = [[String: ServedTensor]](repeating: [:], count: rows)
            var next = 0
            while next < min(rows, 2 * ProcessInfo.processInfo.activeProcessorCount) {
                group.addTask { [next] in (next, try await placed(next, field, body)) }
                next += 1
            }
            while let part = try await group.next() {
                parts[part.row] = part.outputs
                if next < rows {
                    group.addTask { [next] in (next, try await placed(next, field, body)) }
                    next += 1
                }
            }
            return parts
        }
        return try ServedTensor.joined(parts)
    }

    private static func placed(
        _ row: Int, _ field: String?, _ body: (Int) async throws -> [String: ServedTensor]
    ) async throws -> [String: ServedTensor] {
        do { return try await body(row) } catch let error as ServingError {
            switch error.code {
            case .overloaded, .deadlineExceeded, .closed, .unavailableExtra: throw error
            default: throw error.at(instance: row, field: field)
            }
        }
    }
}

extension ServedTensor {
    /// The rows of all parts one behind the other, for each name.
    static func joined(_ parts: [[String: ServedTensor]]) throws -> [String: ServedTensor] {
        guard let first = parts.first else { return [:] }
        var joined: [String: ServedTensor] = [:]
        for name in first.keys {
            let values = parts.compactMap { $0[name] }
            // A key that only some instances have is nobody's.
            if values.count == parts.count { joined[name] = try self.joined(values, name: name) }
        }
        return joined
    }

    private static func joined(_ parts: [ServedTensor], name: String) throws -> ServedTensor {
        let inner = parts[0].shape.dropFirst()
        guard parts.allSatisfy({ $0.shape.dropFirst() == inner && $0.type == parts[0].type }) else {
            throw ServingError(
                .wrongShape, field: name, "the instances' outputs have different shapes",
                remedy: "Send instances of one size together.")
        }
        func all<Value>(_ values: (Elements) -> [Value]?) -> [Value] {
            parts.flatMap { values($0.elements) ?? [] }
        }
        let elements: Elements =
            switch parts[0].elements {
            case .float32: .float32(all { if case .float32(let values) = $0 { values } else { nil } })
            case .float64: .float64(all { if case .float64(let values) = $0 { values } else { nil } })
            case .int32: .int32(all { if case .int32(let values) = $0 { values } else { nil } })
            case .int64: .int64(all { if case .int64(let values) = $0 { values } else { nil } })
            case .uint8: .uint8(all { if case .uint8(let values) = $0 { values } else { nil } })
            case .bool: .bool(all { if case .bool(let values) = $0 { values } else { nil } })
            case .strings: .strings(all { if case .strings(let values) = $0 { values } else { nil } })
            }
        return ServedTensor(shape: [parts.reduce(0) { $0 + ($1.rows ?? 1) }] + inner, elements: elements)
    }

    /// One row by itself, as an array of one row.
    package func row(_ index: Int) -> ServedTensor {
        let size = shape.dropFirst().reduce(1, *)
        let range = (index * size)..<((index + 1) * size)
        let elements: Elements =
            switch self.elements {
            case .float32(let values): .float32(Array(values[range]))
            case .float64(let values): .float64(Array(values[range]))
            case .int32(let values): .int32(Array(values[range]))
            case .int64(let values): .int64(Array(values[range]))
            case .uint8(let values): .uint8(Array(values[range]))
            case .bool(let values): .bool(Array(values[range]))
            case .strings(let values): .strings(Array(values[range]))
            }
        return ServedTensor(shape: [1] + shape.dropFirst(), elements: elements)
    }
}
