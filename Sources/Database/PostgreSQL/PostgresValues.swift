/// PostgreSQL's types that are read and written in their binary form, by their OIDs.
enum PostgresType {
    static let boolean: UInt32 = 16
    static let bytea: UInt32 = 17
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let float4: UInt32 = 700
    static let float8: UInt32 = 701
    static let float4Array: UInt32 = 1021
    /// `name`, `char(n)`, `varchar`, `json`, `unknown`: their bytes are their text.
    static let texts: Set<UInt32> = [text, 19, 1042, 1043, 114, 705]
    static let jsonb: UInt32 = 3802

    private static let binary: Set<UInt32> = texts.union([
        boolean, bytea, int8, int2, int4, float4, float8, float4Array, jsonb,
    ])

    /// Whether columns of these types are asked for in binary form.
    static func areBinary(_ types: [UInt32]) -> Bool { types.allSatisfy(binary.contains) }

    /// The type under which a value is sent; 0 lets the server choose.
    static func of(_ value: ColumnValue) -> UInt32 {
        switch value {
        case .null: 0
        case .integer: int8
        case .real: float8
        case .text: text
        case .blob: bytea
        case .boolean: boolean
        case .vector: float4Array
        }
    }
}

/// Bytes in the order of the network.
struct PostgresBytes {
    var bytes: [UInt8] = []

    mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// A value as its own type has it; nil for one that a column of this type does not take.
    mutating func append(_ value: ColumnValue, as type: UInt32, isVector: Bool = false) -> Bool {
        switch (value, type) {
        case (.integer(let number), PostgresType.int8): append(number)
        case (.integer(let number), PostgresType.int4):
            guard let small = Int32(exactly: number) else { return false }
            append(small)
        case (.integer(let number), PostgresType.int2):
            guard let small = Int16(exactly: number) else { return false }
            append(small)
        case (.integer(let number), PostgresType.float8): append(Double(number).bitPattern)
        case (.integer(let number), PostgresType.boolean): bytes.append(number == 0 ? 0 : 1)
        case (.real(let number), PostgresType.float8): append(number.bitPattern)
        case (.real(let number), PostgresType.float4): append(Float(number).bitPattern)
        case (.boolean(let flag), PostgresType.boolean): bytes.append(flag ? 1 : 0)
        case (.boolean(let flag), PostgresType.int8): append(Int64(flag ? 1 : 0))
        case (.text(let text), _) where PostgresType.texts.contains(type): bytes.append(contentsOf: text.utf8)
        case (.text(let text), PostgresType.jsonb):
            bytes.append(1)  // the format's version
            bytes.append(contentsOf: text.utf8)
        case (.blob(let blob), PostgresType.bytea): bytes.append(contentsOf: blob)
        case (.vector(let numbers), PostgresType.float4Array): append(array: numbers)
        case (.vector(let numbers), _) where isVector:
            // pgvector: dimensions, nothing, numbers.
            append(UInt16(truncatingIfNeeded: numbers.count))
            append(UInt16(0))
            for number in numbers { append(number.bitPattern) }
        default: return false
        }
        return true
    }

    /// Dimensions, whether there are NULLs, the element's type; each dimension's length and first index; then each
    /// element's length and bytes.
    private mutating func append(array numbers: [Float]) {
        append(UInt32(numbers.isEmpty ? 0 : 1))
        append(UInt32(0))
        append(PostgresType.float4)
        guard !numbers.isEmpty else { return }
        append(UInt32(numbers.count))
        append(UInt32(1))
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: 8 * numbers.count))
        bytes.withUnsafeMutableBytes { buffer in
            for (index, number) in numbers.enumerated() {
                let place = start + 8 * index
                buffer.storeBytes(of: UInt32(4).bigEndian, toByteOffset: place, as: UInt32.self)
                buffer.storeBytes(of: number.bitPattern.bigEndian, toByteOffset: place + 4, as: UInt32.self)
            }
        }
    }
}

extension ColumnValue {
    /// A value that the server sent in binary form; nil where it is not one of its type.
    init?(binary bytes: UnsafeRawBufferPointer, type: UInt32) {
        func number<Number: FixedWidthInteger>(_: Number.Type) -> Number? {
            guard bytes.count == MemoryLayout<Number>.size else { return nil }
            return Number(bigEndian: bytes.loadUnaligned(as: Number.self))
        }
        let value: ColumnValue?
        switch type {
        case PostgresType.int8: value = number(Int64.self).map { .integer($0) }
        case PostgresType.int4: value = number(Int32.self).map { .integer(Int64($0)) }
        case PostgresType.int2: value = number(Int16.self).map { .integer(Int64($0)) }
        case PostgresType.float8: value = number(UInt64.self).map { .real(Double(bitPattern: $0)) }
        case PostgresType.float4: value = number(UInt32.self).map { .real(Double(Float(bitPattern: $0))) }
        case PostgresType.boolean: value = bytes.count == 1 ? .boolean(bytes[0] != 0) : nil
        case PostgresType.bytea: value = .blob(Array(bytes))
        case PostgresType.jsonb: value = .text(String(decoding: bytes.dropFirst(), as: UTF8.self))
        case PostgresType.float4Array: value = Self.vector(bytes)
        default: value = .text(String(decoding: bytes, as: UTF8.self))
        }
        guard let value else { return nil }
        self = value
    }

    /// One dimension without NULLs.
    private static func vector(_ bytes: UnsafeRawBufferPointer) -> ColumnValue? {
        func word(_ offset: Int) -> UInt32 {
            UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        guard bytes.count >= 12, word(8) == PostgresType.float4 else { return nil }
        if word(0) == 0 { return .vector([]) }
        guard word(0) == 1, word(4) == 0, bytes.count >= 20 else { return nil }
        let count = Int(word(12))
        guard bytes.count == 20 + 8 * count else { return nil }
        var numbers = [Float](repeating: 0, count: count)
        for index in 0..<count { numbers[index] = Float(bitPattern: word(24 + 8 * index)) }
        return .vector(numbers)
    }

    /// A value that the server sent as text, because another column of its row has no binary form here.
    init(text: String, type: UInt32) {
        switch type {
        case PostgresType.int8, PostgresType.int4, PostgresType.int2:
            self = Int64(text).map { .integer($0) } ?? .text(text)
        // numeric too: what sum() and avg() of integers give.
        case PostgresType.float8, PostgresType.float4, 1700:
            self =
                type == 1700 && !text.contains(".")
                ? Int64(text).map { .integer($0) } ?? Self.real(text) : Self.real(text)
        case PostgresType.boolean: self = .boolean(text == "t")
        case PostgresType.bytea: self = .blob(Self.hexadecimal(text))
        case PostgresType.float4Array:
            let numbers = text.dropFirst().dropLast().split(separator: ",").map { Float($0) }
            self = numbers.contains(nil) ? .text(text) : .vector(numbers.compactMap(\.self))
        default: self = .text(text)
        }
    }

    private static func real(_ text: String) -> ColumnValue {
        switch text {
        case "Infinity": .real(.infinity)
        case "-Infinity": .real(-.infinity)
        default: Double(text).map { .real($0) } ?? .text(text)
        }
    }

    /// `\x0aff`
    private static func hexadecimal(_ text: String) -> [UInt8] {
        func digit(_ byte: UInt8) -> UInt8 { byte < 58 ? byte - 48 : (byte | 0x20) - 87 }
        let digits = Array(text.utf8.dropFirst(2))
        return stride(from: 0, to: digits.count - 1, by: 2).map { digit(digits[$0]) << 4 | digit(digits[$0 + 1]) }
    }
}
