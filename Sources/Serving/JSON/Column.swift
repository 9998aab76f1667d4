import LightboxCore
import WireFormats

/// The values of one input, collected from instances that are read one after another.
struct Column {
    let port: ServedPort
    /// Instances so far.
    private(set) var count = 0

    private let limits: RequestLimits
    private var itemShape: [Int] = []
    // One of these is filled, by the port's type.
    private var floats: [Float] = []
    private var doubles: [Double] = []
    private var integers: [Int64] = []
    private var flags: [Bool] = []
    private var strings: [Bytes] = []

    init(_ port: ServedPort, _ limits: RequestLimits) {
        self.port = port
        self.limits = limits
    }

    /// Reads the value of one instance.
    ///
    /// - Parameter index: of the instance; a value that has one already is an error.
    mutating func addItem(_ parser: inout JSONParser, index: Int) throws {
        do {
            guard count <= index else {
                throw ServingError(
                    .unexpectedInput, "it is given twice", remedy: "Send it once for each instance.")
            }
            guard count == index else {
                throw ServingError(
                    .missingInput, "an instance before this has no such input",
                    remedy: "Give it with every instance or with none.")
            }
            if count == 0, !port.itemShape.contains(nil) { reserve(port.itemShape.reduce(1) { $0 * ($1 ?? 1) }) }
            let shape = try read(&parser)
            if count == 0 {
                itemShape = try fitted(shape, to: port.itemShape)
            } else if shape != itemShape && !(shape == [] && itemShape == [1]) {
                throw ServingError(
                    .wrongShape, "it has the shape \(shape), the instance before has \(itemShape)",
                    remedy: "Send values of one shape together.")
            }
            count += 1
        } catch let error as ServingError {
            throw error.at(field: port.name)
        } catch let error as RecordError {
            throw ServingError(error).at(field: port.name)
        }
    }

    /// Reads the values of all instances, an array of them.
    mutating func readWhole(_ parser: inout JSONParser) throws -> ServedTensor {
        do {
            let shape = try read(&parser)
            let fitting = try fitted(shape, to: port.shape[...])
            return ServedTensor(shape: fitting, elements: try elements())
        } catch let error as ServingError {
            throw error.at(field: port.name)
        }
    }

    func tensor(rows: Int) -> ServedTensor {
        // Whole numbers were held against their range as they were read.
        ServedTensor(shape: [rows] + itemShape, elements: (try? elements()) ?? .float32([]))
    }

    private func fitted(_ shape: [Int], to wanted: ArraySlice<Int?>) throws -> [Int] {
        if shape.count == wanted.count, zip(shape, wanted).allSatisfy({ $1 == nil || $0 == $1 }) { return shape }
        if shape.isEmpty && Array(wanted) == [1] { return [1] }
        throw ServingError(
            .wrongShape, "its shape is \(shape)",
            remedy: "Send \(wanted.map { $0.map(String.init) ?? "any" }.joined(separator: " × ")) values.")
    }

    private mutating func reserve(_ count: Int) {
        // More is taken as numbers come, so that a short request cannot ask for much.
        let count = min(count, 1 << 20)
        switch port.type {
        case .float32: floats.reserveCapacity(count)
        case .float64: doubles.reserveCapacity(count)
        case .int32, .int64, .uint8: integers.reserveCapacity(count)
        case .bool, .string: break
        }
    }

    // MARK: Values

    /// Reads a value, or arrays of them, and returns the lengths.
    private mutating func read(_ parser: inout JSONParser) throws -> [Int] {
        switch port.type {
        case .string: return try readNested(&parser, depth: 0) { try $0.readString(&$1) }
        case .bool: return try readNested(&parser, depth: 0) { try $0.readFlag(&$1) }
        default: break
        }
        switch parser.peekValue() {
        case UInt8(ascii: "\""):
            // The numbers as text, as some clients send arrays.
            var text = try parser.string()
            return try text.withUTF8 { bytes in
                var inner = JSONParser(UnsafeRawBufferPointer(bytes), maximumDepth: limits.maximumDepth)
                let shape = try readNumbers(&inner)
                try inner.finish()
                return shape
            }
        case UInt8(ascii: "{"), UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"):
            throw ServingError(
                .wrongType, "it takes numbers of type \(port.type.rawValue)",
                remedy: "Send numbers, or lists of them.")
        default: return try readNumbers(&parser)
        }
    }

    private mutating func readNumbers(_ parser: inout JSONParser) throws -> [Int] {
        let limit = limits.maximumNumbers
        switch port.type {
        case .float32: return try parser.nestedNumbers(into: &floats, limit: limit - floats.count)
        case .float64: return try parser.nestedNumbers(into: &doubles, limit: limit - doubles.count)
        default:
            let start = integers.count
            let shape = try parser.nestedNumbers(into: &integers, limit: limit - start)
            try checkRange(from: start)
            return shape
        }
    }

    private func checkRange(from start: Int) throws {
        let range: ClosedRange<Int64>
        switch port.type {
        case .uint8: range = 0...255
        case .int32: range = Int64(Int32.min)...Int64(Int32.max)
        default: return
        }
        guard integers[start...].allSatisfy(range.contains) else {
            throw ServingError(
                .wrongType, "a number is not in the range of \(port.type.rawValue)",
                remedy: "Send \(range.lowerBound) to \(range.upperBound).")
        }
    }

    private func elements() throws -> ServedTensor.Elements {
        switch port.type {
        case .float32: .float32(floats)
        case .float64: .float64(doubles)
        case .int64: .int64(integers)
        case .int32: .int32(integers.map { Int32(truncatingIfNeeded: $0) })
        case .uint8: .uint8(integers.map { UInt8(truncatingIfNeeded: $0) })
        case .bool: .bool(flags)
        case .string: .strings(strings)
        }
    }

    /// Arrays inside one another down to what `leaf` reads.
    private mutating func readNested(
        _ parser: inout JSONParser, depth: Int, _ leaf: (inout Column, inout JSONParser) throws -> Void
    ) throws -> [Int] {
        guard parser.peekValue() == UInt8(ascii: "[") else {
            try leaf(&self, &parser)
            return []
        }
        guard depth < 8 else {
            throw ServingError(.wrongShape, "it is nested over 8 levels", remedy: "Send fewer dimensions.")
        }
        var inner: [Int]?
        var length = 0
        try parser.forEachElement { parser, _ in
            let shape = try readNested(&parser, depth: depth + 1, leaf)
            if let inner, inner != shape {
                throw ServingError(
                    .wrongShape, "its lists have different lengths", remedy: "Send lists of equal lengths.")
            }
            inner = shape
            length += 1
        }
        return [length] + (inner ?? [])
    }

    /// A string's text, or the bytes of `{"b64": "…"}`.
    private mutating func readString(_ parser: inout JSONParser) throws {
        guard strings.count < limits.maximumNumbers else {
            throw ServingError(.tooLarge, "there are too many strings", remedy: "Send fewer instances at once.")
        }
        switch parser.peekValue() {
        case UInt8(ascii: "\""):
            strings.append(Bytes(try parser.string().utf8))
        case UInt8(ascii: "{"):
            var decoded: [UInt8]?
            try parser.forEachMember { parser, name in
                guard name == "b64", decoded == nil, parser.peekValue() == UInt8(ascii: "\"") else {
                    throw ServingError(
                        .wrongType, "it takes a string, or {\"b64\": \"…\"}", remedy: "Send one of these.")
                }
                decoded = Base64.decode(try parser.string())
                guard decoded != nil else {
                    throw ServingError(
                        .wrongType, "its b64 is not base 64", remedy: "Encode the bytes as RFC 4648 says.")
                }
            }
            guard let decoded else {
                throw ServingError(.wrongType, "an empty object is no value", remedy: "Send {\"b64\": \"…\"}.")
            }
            strings.append(Bytes(decoded))
        default:
            // A key may well be a number.
            guard port.isOptional, let number = try parser.value().integer else {
                throw ServingError(
                    .wrongType, "it takes a string, or {\"b64\": \"…\"}", remedy: "Send one of these.")
            }
            strings.append(Bytes(String(number).utf8))
        }
    }

    private mutating func readFlag(_ parser: inout JSONParser) throws {
        guard let flag = try parser.value().bool else {
            throw ServingError(.wrongType, "it takes true or false", remedy: "Send one of these.")
        }
        flags.append(flag)
    }
}
