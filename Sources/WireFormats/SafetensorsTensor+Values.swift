public import LightboxCore

extension SafetensorsTensor {
    /// An array of floats to be written.
    ///
    /// - Parameter type: a float type; F16 and BF16 round to the nearest, ties to even.
    public init(_ name: String, _ array: NDArray, as type: ElementType = .f32) {
        precondition(type.isFloat, "NDArray holds floats")
        let bytes: Bytes
        switch type {
        case .f32: bytes = littleEndian(array.values.lazy.map(\.bitPattern))
        case .f64: bytes = littleEndian(array.values.lazy.map { Double($0).bitPattern })
        case .f16: bytes = littleEndian(array.values.lazy.map { Float16($0).bitPattern })
        default: bytes = littleEndian(array.values.lazy.map(brainFloat))
        }
        self.init(name: name, type: type, shape: array.shape, bytes: bytes)
    }

    /// A list of integers to be written as I64: step counts, seeds, orders.
    public init(_ name: String, _ values: [Int64]) {
        self.init(name: name, type: .i64, shape: [values.count], bytes: littleEndian(values))
    }

    /// A list of doubles to be written as F64: exact values of a schedule or a running mean.
    public init(_ name: String, _ values: [Double]) {
        let bytes = littleEndian(values.lazy.map(\.bitPattern))
        self.init(name: name, type: .f64, shape: [values.count], bytes: bytes)
    }

    /// The values as Float32; F64 is rounded.
    ///
    /// - Throws: ``RecordError`` for integers, which a Float does not hold exactly.
    public func array() throws -> NDArray {
        let values: [Float]
        switch type {
        case .f32: values = words(UInt32.self) { Float(bitPattern: $0) }
        case .f64: values = words(UInt64.self) { Float(Double(bitPattern: $0)) }
        case .f16: values = words(UInt16.self) { Float(Float16(bitPattern: $0)) }
        case .bf16: values = words(UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
        default: throw wrongType("floats")
        }
        return NDArray(shape: shape, values: values)
    }

    /// The values of F64 and F32 without rounding.
    public func doubles() throws -> [Double] {
        guard type == .f64 else { return try array().values.map { Double($0) } }
        return words(UInt64.self) { Double(bitPattern: $0) }
    }

    /// The values of an integer array.
    public func integers() throws -> [Int64] {
        switch type {
        case .i64: words(UInt64.self) { Int64(bitPattern: $0) }
        case .i32: words(UInt32.self) { Int64(Int32(bitPattern: $0)) }
        case .u8, .bool: words(UInt8.self) { Int64($0) }
        default: throw wrongType("integers")
        }
    }

    private func wrongType(_ wanted: String) -> RecordError {
        RecordError(.unsupported, remedy: "The array \(name) holds \(type.rawValue), not \(wanted).")
    }

    private func words<Word: FixedWidthInteger, Value>(_: Word.Type, _ value: (Word) -> Value) -> [Value] {
        bytes.withUnsafeBytes { raw in
            [Value](unsafeUninitializedCapacity: count) { values, filled in
                for index in 0..<count {
                    let word = raw.loadUnaligned(fromByteOffset: index * MemoryLayout<Word>.size, as: Word.self)
                    (values.baseAddress! + index).initialize(to: value(Word(littleEndian: word)))
                }
                filled = count
            }
        }
    }
}

/// The upper half of a Float32, rounded to the nearest, ties to even.
private func brainFloat(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    guard !value.isNaN else { return UInt16(bits >> 16) | 0x40 }
    return UInt16((bits &+ 0x7fff &+ ((bits >> 16) & 1)) >> 16)
}

private func littleEndian<Word: FixedWidthInteger>(_ words: some Collection<Word>) -> Bytes {
    let size = MemoryLayout<Word>.size
    let bytes = [UInt8](unsafeUninitializedCapacity: words.count * size) { buffer, filled in
        let raw = UnsafeMutableRawBufferPointer(buffer)
        for word in words {
            raw.storeBytes(of: word.littleEndian, toByteOffset: filled, as: Word.self)
            filled += size
        }
    }
    return Bytes(bytes)
}
