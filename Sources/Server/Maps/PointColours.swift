import HTTPTypes
import LightboxCore
import Warehouse
import WireFormats

/// What colours the points of a map: a category each, or a number each.
enum PointColours: Sendable {
    /// Codes are places in `names`; the next one is every other value, the one behind it no value.
    case categories(
        names: [String], counts: [Int], others: (values: Int, points: Int), missing: Int, codes: [UInt8])
    /// Not a number where there is none.
    case numbers([Float], missing: Int, isFewValues: Bool)

    /// Names that a browser is told; points of rarer ones are told together.
    static let mostNames = 250

    /// A column on its way to colours.
    struct Builder {
        /// Places in `values`, and 0 for no value.
        private var codes: [UInt32]
        private var values: [SQLValue] = []
        private var places: [SQLValue: UInt32] = [:]
        /// Of a column of numbers with too many values to be categories.
        private var numbers: [Float] = []

        init(count: Int) { codes = Array(repeating: 0, count: count) }

        mutating func set(_ index: Int, _ value: SQLValue) {
            guard let value = Self.usable(value) else { return }
            if let place = places[value] {
                codes[index] = place
                return
            }
            values.append(value)
            places[value] = UInt32(values.count)
            codes[index] = UInt32(values.count)
        }

        /// What another cell of the same point has said; nil for nothing.
        func value(at index: Int) -> SQLValue? { codes[index] == 0 ? nil : values[Int(codes[index]) - 1] }

        static func usable(_ value: SQLValue) -> SQLValue? {
            switch value {
            case .null, .vector, .json: nil
            case .text(let text): text.isEmpty ? nil : value
            case .real(let number): number.isFinite ? value : nil
            case .integer, .boolean: value
            }
        }

        /// - Parameter kind: nil to choose by the values.
        func colours(as kind: Kind?, isCluster: Bool) -> PointColours {
            let numbers = values.compactMap(Self.number)
            let areNumbers = numbers.count == values.count && !values.isEmpty
            let isMeasure =
                areNumbers && (values.contains(where: Self.isFraction) || !isCluster && values.count > 20)
            if areNumbers, kind == .number || kind == nil && isMeasure { return measured(numbers) }
            return categories(areNumbers: areNumbers)
        }

        private func measured(_ numbers: [Float]) -> PointColours {
            let all = codes.map { $0 == 0 ? Float.nan : numbers[Int($0) - 1] }
            return .numbers(
                all, missing: all.count { $0.isNaN }, isFewValues: values.count <= PointColours.mostNames)
        }

        private func categories(areNumbers: Bool) -> PointColours {
            var counts = Array(repeating: 0, count: values.count + 1)
            for code in codes { counts[Int(code)] += 1 }
            let names = values.map(Self.name)
            // Clusters keep the order of their numbers, names come by how often they are there.
            var order = Array(1..<(values.count + 1)).sorted {
                (counts[$1], names[$0 - 1]) < (counts[$0], names[$1 - 1])
            }
            order = Array(order.prefix(mostNames))
            if areNumbers, values.count <= mostNames {
                let numbers = values.map { Self.number($0) ?? 0 }
                order.sort { numbers[$0 - 1] < numbers[$1 - 1] }
            }
            var codeOf = Array(repeating: UInt8(order.count), count: values.count + 1)
            codeOf[0] = UInt8(order.count + 1)
            for (place, value) in order.enumerated() { codeOf[value] = UInt8(place) }
            let shown = order.reduce(0) { $0 + counts[$1] }
            return .categories(
                names: order.map { names[$0 - 1] }, counts: order.map { counts[$0] },
                others: (values.count - order.count, codes.count - shown - counts[0]), missing: counts[0],
                codes: codes.map { codeOf[Int($0)] })
        }

        private static func number(_ value: SQLValue) -> Float? {
            let number: Float? =
                switch value {
                case .integer(let number): Float(number)
                case .real(let number): Float(number)
                case .text(let text): Float(text)
                case .null, .boolean, .json, .vector: nil
                }
            return number.flatMap { $0.isFinite ? $0 : nil }
        }

        private static func isFraction(_ value: SQLValue) -> Bool {
            if case .real(let number) = value { return number != number.rounded() }
            return false
        }

        private static func name(_ value: SQLValue) -> String {
            switch value {
            case .text(let text): String(text.prefix(200))
            case .integer(let number): "\(number)"
            case .real(let number): Int64(exactly: number).map { "\($0)" } ?? "\(number)"
            case .boolean(let flag): flag ? "true" : "false"
            case .null, .json, .vector: ""
            }
        }
    }

    enum Kind: String { case category, number }
}

extension PointColours {
    /// As a browser takes it; see ``BinaryParts``.
    func reply(version: String) throws -> Reply {
        switch self {
        case .categories(let names, let counts, let others, let missing, let codes):
            let header = JSONValue.object([
                JSONMember("version", .string(version)), JSONMember("kind", .string(Kind.category.rawValue)),
                JSONMember("names", .array(names.map { .string($0) })),
                JSONMember("counts", .array(counts.map { .integer(Int64($0)) })),
                JSONMember("otherValues", .integer(Int64(others.values))),
                JSONMember("others", .integer(Int64(others.points))),
                JSONMember("missing", .integer(Int64(missing))),
                // Whether the same values could be told as numbers.
                JSONMember("mayBeNumber", .bool(names.allSatisfy { Float($0) != nil } && !names.isEmpty)),
            ])
            return try BinaryParts.reply(header, codes)
        case .numbers(let numbers, let missing, let isFewValues):
            let known = numbers.filter { !$0.isNaN }.sorted()
            func quantile(_ share: Double) -> JSONValue {
                known.isEmpty ? .null : .number(Double(known[Int(Double(known.count - 1) * share)]))
            }
            let header = JSONValue.object([
                JSONMember("version", .string(version)), JSONMember("kind", .string(Kind.number.rawValue)),
                JSONMember("least", quantile(0)), JSONMember("low", quantile(0.01)),
                JSONMember("high", quantile(0.99)), JSONMember("greatest", quantile(1)),
                JSONMember("missing", .integer(Int64(missing))), JSONMember("mayBeCategory", .bool(isFewValues)),
            ])
            return try BinaryParts.reply(header, numbers)
        }
    }
}

/// Numbers for a browser: the length of a JSON text in four bytes, the text, filled up with spaces to a multiple of four,
/// then the numbers. Everything is little-endian.
enum BinaryParts {
    static func reply<Number: FixedWidthInteger>(_ header: JSONValue, _ numbers: [Number]) throws -> Reply {
        try reply(header) { bytes in numbers.withUnsafeBytes { bytes += $0 } }
    }

    static func reply(_ header: JSONValue, _ numbers: [Float]) throws -> Reply {
        try reply(header) { bytes in
            #if _endian(little)
                numbers.withUnsafeBytes { bytes += $0 }
            #else
                numbers.map(\.bitPattern.littleEndian).withUnsafeBytes { bytes += $0 }
            #endif
        }
    }

    private static func reply(_ header: JSONValue, _ append: (inout [UInt8]) -> Void) throws -> Reply {
        var text = try header.serialized()
        while (4 + text.count) % 4 != 0 { text.append(UInt8(ascii: " ")) }
        var bytes = withUnsafeBytes(of: UInt32(text.count).littleEndian) { Array($0) }
        bytes += text
        append(&bytes)
        var reply = Reply(bytes, type: "application/octet-stream")
        reply.headers[.cacheControl] = "no-store"
        return reply
    }
}
